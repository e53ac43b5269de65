#include "compose/adapters/lock_requests.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::adapters {
namespace {

namespace sys = base::sys;

constexpr std::size_t k_most_visitors = 64;  // more wait to be met
constexpr std::size_t k_longest_name = 512;

// A socket address is short: the path goes through a descriptor of its directory.
struct SocketAddress {
  base::UniqueFd directory;
  sockaddr_un address{};

  SocketAddress(const base::HostPath& socket, base::UniqueFd opened) : directory(std::move(opened)) {
    address.sun_family = AF_UNIX;
    const std::string path = base::text("/proc/self/fd/{}/{}", directory.get(), socket.name());
    if (path.size() >= sizeof address.sun_path) base::fail("'{}': the name of a socket is too long", path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

}  // namespace

LockRequests::LockRequests(base::HostPath socket)
    : socket_(std::move(socket)),
      listening_(sys::make_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)),
      events_(sys::make_epoll()) {
  const SocketAddress at{socket_, sys::open(socket_.parent(), O_PATH | O_DIRECTORY)};
  // Before there is a name: nobody but root ever gets in.
  base::check(::fchmod(listening_.get(), 0600), "prepare socket '{}'", socket_.str());
  if (::bind(listening_.get(), at.get(), sizeof at.address) == -1 && errno == EADDRINUSE) {
    sys::remove_file_if_present(socket_);
    base::check(::bind(listening_.get(), at.get(), sizeof at.address), "bind socket '{}'", socket_.str());
  }
  base::check(::listen(listening_.get(), SOMAXCONN), "listen on socket '{}'", socket_.str());
  watch(listening_.get());
}

LockRequests::~LockRequests() {
  try {
    sys::remove_file_if_present(socket_);
  } catch (const base::Error&) {
    // The next holder replaces it.
  }
}

void LockRequests::watch(int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  base::check(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event), "watch '{}'", socket_.str());
}

void LockRequests::meet() {
  while (visitors_.size() < k_most_visitors) {
    base::UniqueFd visitor{::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!visitor && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!visitor && errno == EAGAIN) return;
    if (!visitor) break;
    watch(visitor.get());
    visitors_.push_back(std::move(visitor));
  }
  // No more can be met before one has gone: those who are left would make fd() readable all the time.
  ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, listening_.get(), nullptr);
  is_full_ = true;
}

std::optional<std::string> LockRequests::take() {
  if (!is_full_) meet();
  std::optional<std::string> asking;
  const auto gone = std::erase_if(visitors_, [&](const base::UniqueFd& visitor) {
    std::array<char, k_longest_name> name;
    const auto n = base::retry_eintr([&] { return ::recv(visitor.get(), name.data(), name.size(), 0); });
    if (n == -1) return errno != EAGAIN;
    // Who asked and has gone wants nothing any more.
    char more = 0;
    const bool is_gone = n == 0 || ::recv(visitor.get(), &more, 1, MSG_PEEK) == 0;
    if (!is_gone) asking.emplace(name.data(), static_cast<std::size_t>(n));
    return is_gone;
  });
  if (is_full_ && gone != 0) {
    watch(listening_.get());
    is_full_ = false;
  }
  return asking;
}

std::optional<LockHolder> LockHolder::reach(const base::HostPath& socket) {
  auto directory = sys::open_if_exists(socket.parent(), O_PATH | O_DIRECTORY);
  if (!directory) return std::nullopt;
  const SocketAddress at{socket, std::move(*directory)};
  auto connection = sys::make_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  if (::connect(connection.get(), at.get(), sizeof at.address) == -1) return std::nullopt;
  return LockHolder{std::move(connection)};
}

void LockHolder::ask_to_end(std::string_view who) const {
  // One that has ended meanwhile needs not be asked.
  ::send(connection_.get(), who.data(), std::min(who.size(), k_longest_name), MSG_NOSIGNAL);
}

bool LockHolder::is_there() const {
  char byte = 0;
  const auto n = base::retry_eintr([&] { return ::recv(connection_.get(), &byte, 1, MSG_PEEK); });
  return n == -1 && errno == EAGAIN;
}

pid_t LockHolder::pid() const {
  ucred holder{};
  socklen_t size = sizeof holder;
  base::check(::getsockopt(connection_.get(), SOL_SOCKET, SO_PEERCRED, &holder, &size),
              "ask for the process that holds a lock");
  return holder.pid;
}

bool LockHolder::is_stopped() const {
  const auto stat = base::read_file_if_exists(base::HostPath{base::text("/proc/{}/stat", pid())}, 4096);
  const auto name_ends = stat.value_or("").rfind(") ");  // the name may contain anything
  return name_ends != std::string::npos && name_ends + 2 < stat->size() && (*stat)[name_ends + 2] == 'T';
}

}  // namespace compose::adapters
