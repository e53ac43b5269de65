#pragma once
// Netlink messages under construction, and the socket that they go through. This folder is the only one that
// includes libnl; it builds and reads messages with libnl's nlmsg_ and nla_ functions and owns every message.
//
// A Batch is several requests sent with one send(2); the kernel answers only those that fail and the last
// one. What was being done is kept with each request, so that a refusal names it, with the kernel's own words
// where it has some.
//
// Errors: SysError, for the first request of the batch that was refused with an errno that it does not
// tolerate.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"

struct nl_msg;
struct nlmsghdr;

namespace compose::net::netlink {

struct MessageFree {
  void operator()(nl_msg* message) const noexcept;
};
using MessagePtr = std::unique_ptr<nl_msg, MessageFree>;

class Batch {
 public:
  // A new request; the fixed header of `size` bytes follows the netlink header. The pointer stays valid.
  nl_msg* add(int type, int flags, const void* header, std::size_t size, std::string doing);
  // The last request added may be refused with this errno without harm (say EEXIST, ENODEV).
  void tolerate(int code) { requests_.back().tolerated.push_back(code); }
  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }

 private:
  friend class Socket;
  struct Request {
    MessagePtr message;
    std::string doing;
    std::vector<int> tolerated;
  };
  std::vector<Request> requests_;
};

// Attributes. Strings are sent with their terminating zero.
void put_u8(nl_msg* m, int type, std::uint8_t value);
void put_u32(nl_msg* m, int type, std::uint32_t value);
void put_string(nl_msg* m, int type, const std::string& value);
void put_bytes(nl_msg* m, int type, std::span<const std::uint8_t> bytes);
void put_header(nl_msg* m, const void* header, std::size_t size);  // a nested fixed header (veth's peer)
// Runs `fill` between the start and the end of a nested attribute.
void put_nested(nl_msg* m, int type, const std::function<void()>& fill);

class Socket {
 public:
  explicit Socket(
      int protocol);  // NETLINK_ROUTE, NETLINK_NETFILTER; belongs to the calling thread's network namespace

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  void run(Batch& batch);
  void run(Batch&& batch) { run(batch); }
  // All or nothing, in one message to the kernel: at least one request between nfnetlink's begin and
  // end.
  void run_transaction(Batch& batch);
  // Every message of the answer to one request with NLM_F_DUMP; asked again when the kernel says it was
  // interrupted.
  void dump(int type, const void* header, std::size_t size, const std::string& doing,
            const std::function<void(const nlmsghdr&)>& f);
  // One request, one answer. False: refused with `absent` (ENODEV, ENOENT).
  bool get(nl_msg* request, int absent, const std::string& doing,
           const std::function<void(const nlmsghdr&)>& f);

 private:
  // Requests of a batch, and the one whose answer is the last to come; a refusal of `gate` is the only
  // answer.
  struct Range {
    std::size_t first;
    std::size_t end;
    std::size_t last_answer;
    std::optional<std::size_t> gate;
  };
  void send(Batch& batch, const Range& range);
  void hear_answers(const Batch& batch, const Range& range, std::uint32_t base_sequence);
  bool dump_once(int type, const void* header, std::size_t size, const std::string& doing,
                 const std::function<void(const nlmsghdr&)>& f);
  std::size_t receive(const std::string& doing);  // bytes now in buffer_

  base::UniqueFd fd_;
  std::uint32_t sequence_ = 1;
  std::unique_ptr<char[]> buffer_;  // pages are touched only as far as answers are long
};

MessagePtr make_message(int type, int flags, const void* header, std::size_t size);

}  // namespace compose::net::netlink
