#include "net/netlink/batch.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/netlink.h>
#include <optional>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::net::netlink {

namespace {

constexpr std::size_t k_message_size = 1536;  // more than any of our requests needs
constexpr std::size_t k_buffer_size = 65536;
constexpr std::size_t k_chunk = 96;  // requests in one sendmsg: their refusals must fit the receive buffer
constexpr std::size_t k_refusal_size = 1024;  // what one costs in the kernel's queue, with all around it
constexpr std::size_t k_default_send_buffer = 100'000;  // bytes that every socket can send at once

void check_space(int result) {
  if (result < 0) base::fail("build netlink message: it does not fit {} bytes", k_message_size);
}

// The kernel's own explanation of a refusal (NLMSGERR_ATTR_MSG), if it has one.
std::string explanation(const nlmsghdr& h) {
  if ((h.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto* refused = static_cast<const nlmsgerr*>(nlmsg_data(&h));
  std::size_t offset = sizeof *refused;
  if ((h.nlmsg_flags & NLM_F_CAPPED) == 0) offset += refused->msg.nlmsg_len - sizeof(nlmsghdr);
  const auto total = static_cast<std::size_t>(nlmsg_datalen(&h));
  if (offset >= total) return {};
  const auto* attributes = reinterpret_cast<const nlattr*>(static_cast<const char*>(nlmsg_data(&h)) + offset);
  const nlattr* text = nla_find(attributes, static_cast<int>(total - offset), NLMSGERR_ATTR_MSG);
  if (!text) return {};
  return nla_get_string(const_cast<nlattr*>(text));
}

[[noreturn]] void refuse(const nlmsghdr& h, int code, const std::string& doing) {
  const std::string why = explanation(h);
  throw base::SysError(code, why.empty() ? doing : base::text("{} ({})", doing, why));
}

}  // namespace

void MessageFree::operator()(nl_msg* message) const noexcept {
  nlmsg_free(message);
}

MessagePtr make_message(int type, int flags, const void* header, std::size_t size) {
  MessagePtr message{nlmsg_alloc_size(k_message_size)};
  if (!message) throw std::bad_alloc{};
  nlmsghdr* h = nlmsg_put(message.get(), 0, 0, type, 0, NLM_F_REQUEST | flags);
  if (!h) throw std::bad_alloc{};
  if (size > 0) check_space(nlmsg_append(message.get(), const_cast<void*>(header), size, NLMSG_ALIGNTO));
  return message;
}

nl_msg* Batch::add(int type, int flags, const void* header, std::size_t size, std::string doing) {
  requests_.push_back({make_message(type, flags, header, size), std::move(doing), {}});
  return requests_.back().message.get();
}

void put_u8(nl_msg* m, int type, std::uint8_t value) {
  check_space(nla_put_u8(m, type, value));
}
void put_u32(nl_msg* m, int type, std::uint32_t value) {
  check_space(nla_put_u32(m, type, value));
}
void put_string(nl_msg* m, int type, const std::string& value) {
  check_space(nla_put_string(m, type, value.c_str()));
}
void put_bytes(nl_msg* m, int type, std::span<const std::uint8_t> bytes) {
  check_space(nla_put(m, type, static_cast<int>(bytes.size()), bytes.data()));
}
void put_header(nl_msg* m, const void* header, std::size_t size) {
  check_space(nlmsg_append(m, const_cast<void*>(header), size, NLMSG_ALIGNTO));
}

void put_nested(nl_msg* m, int type, const std::function<void()>& fill) {
  nlattr* start = nla_nest_start(m, type);
  if (!start) check_space(-1);
  fill();
  check_space(nla_nest_end(m, start));
}

Socket::Socket(int protocol)
    : fd_(base::sys::make_socket(AF_NETLINK, SOCK_RAW, protocol)),
      buffer_(std::make_unique_for_overwrite<char[]>(k_buffer_size)) {
  const int on = 1;
  // Shorter acknowledgements with a reason in words; harmless where the kernel knows neither.
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
}

std::size_t Socket::receive(const std::string& doing) {
  for (;;) {
    const auto n = base::check(
        base::retry_eintr([&] { return ::recv(fd_.get(), buffer_.get(), k_buffer_size, MSG_TRUNC); }),
        "{}: read netlink answer", doing);
    const auto size = static_cast<std::size_t>(n);
    if (size > k_buffer_size)
      base::fail("{}: netlink answer of {} bytes is longer than {}", doing, size, k_buffer_size);
    return size;
  }
}

void Socket::run(Batch& batch) {
  for (std::size_t first = 0; first < batch.requests_.size(); first += k_chunk) {
    const std::size_t end = std::min(first + k_chunk, batch.requests_.size());
    send(batch, {.first = first, .end = end, .last_answer = end - 1, .gate = std::nullopt});
  }
}

void Socket::run_transaction(Batch& batch) {
  // Kernels before 6.10 do not answer the end, so that the request before it is the one to wait for.
  const std::size_t end = batch.requests_.size();
  send(batch, {.first = 0, .end = end, .last_answer = end - 2, .gate = 0});
}

void Socket::send(Batch& batch, const Range& range) {
  const std::uint32_t base_sequence = sequence_;
  std::string bytes;
  for (std::size_t i = range.first; i < range.end; ++i) {
    nlmsghdr* h = nlmsg_hdr(batch.requests_[i].message.get());
    h->nlmsg_seq = sequence_++;
    if (i == range.last_answer) h->nlmsg_flags |= NLM_F_ACK;
    bytes.append(reinterpret_cast<const char*>(h), h->nlmsg_len);
    bytes.resize(NLMSG_ALIGN(bytes.size()));
  }
  if (bytes.size() > k_default_send_buffer) {
    // As much again for what the kernel counts beside the bytes; and each request may be refused.
    const int sent = static_cast<int>(bytes.size() * 2);
    const int refused = static_cast<int>((range.end - range.first) * k_refusal_size);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &sent, sizeof sent);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &refused, sizeof refused);
  }
  base::check(base::retry_eintr([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), 0); }), "{}",
              batch.requests_[range.first].doing);
  hear_answers(batch, range, base_sequence);
}

void Socket::hear_answers(const Batch& batch, const Range& range, std::uint32_t base_sequence) {
  std::optional<base::SysError> refusal;
  for (bool last_seen = false; !last_seen;) {
    int left = static_cast<int>(receive(batch.requests_[range.first].doing));
    for (auto* h = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
      const std::size_t index = range.first + (h->nlmsg_seq - base_sequence);
      if (h->nlmsg_type != NLMSG_ERROR || index < range.first || index >= range.end)
        continue;  // an answer to something older
      last_seen = last_seen || index == range.last_answer || index == range.gate;
      const int code = -static_cast<const nlmsgerr*>(nlmsg_data(h))->error;
      const auto& request = batch.requests_[index];
      if (code == 0 || refusal || std::ranges::find(request.tolerated, code) != request.tolerated.end())
        continue;
      try {
        refuse(*h, code, request.doing);
      } catch (const base::SysError& e) {
        refusal = e;
      }
    }
  }
  if (refusal) throw *refusal;
}

bool Socket::dump_once(int type, const void* header, std::size_t size, const std::string& doing,
                       const std::function<void(const nlmsghdr&)>& f) {
  const MessagePtr request = make_message(type, NLM_F_DUMP, header, size);
  nlmsghdr* sent = nlmsg_hdr(request.get());
  const std::uint32_t sequence = sequence_++;
  sent->nlmsg_seq = sequence;
  base::check(base::retry_eintr([&] { return ::send(fd_.get(), sent, sent->nlmsg_len, 0); }), "{}", doing);
  bool whole = true;
  for (;;) {
    int left = static_cast<int>(receive(doing));
    for (auto* h = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
      if (h->nlmsg_seq != sequence) continue;
      if ((h->nlmsg_flags & NLM_F_DUMP_INTR) != 0) whole = false;
      if (h->nlmsg_type == NLMSG_DONE) return whole;
      if (h->nlmsg_type == NLMSG_ERROR)
        refuse(*h, -static_cast<const nlmsgerr*>(nlmsg_data(h))->error, doing);
      f(*h);
    }
  }
}

void Socket::dump(int type, const void* header, std::size_t size, const std::string& doing,
                  const std::function<void(const nlmsghdr&)>& f) {
  // An interrupted dump may miss entries or tell one twice; callers collect into sets. A host whose links
  // change without pause gets the last answer.
  for (int attempt = 0; attempt < 5; ++attempt)
    if (dump_once(type, header, size, doing, f)) return;
}

bool Socket::get(nl_msg* request, int absent, const std::string& doing,
                 const std::function<void(const nlmsghdr&)>& f) {
  nlmsghdr* sent = nlmsg_hdr(request);
  const std::uint32_t sequence = sequence_++;
  sent->nlmsg_seq = sequence;
  base::check(base::retry_eintr([&] { return ::send(fd_.get(), sent, sent->nlmsg_len, 0); }), "{}", doing);
  for (;;) {
    int left = static_cast<int>(receive(doing));
    for (auto* h = reinterpret_cast<nlmsghdr*>(buffer_.get()); nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
      if (h->nlmsg_seq != sequence) continue;
      if (h->nlmsg_type == NLMSG_ERROR) {
        const int code = -static_cast<const nlmsgerr*>(nlmsg_data(h))->error;
        if (code == absent) return false;
        if (code != 0) refuse(*h, code, doing);
        continue;
      }
      f(*h);
      return true;
    }
  }
}

}  // namespace compose::net::netlink
