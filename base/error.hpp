#pragma once
// Errors. Exceptions are the backbone: anything a user may see derives from Error; a refused system call is a
// SysError. Messages are lowercase without a full stop: what was being done, the user's text quoted, the
// cause after a colon. Absence and choice are values (optional, variant), not errors. One place, in
// compose/cli, turns errors into exit codes.
#include <cerrno>
#include <concepts>
#include <stdexcept>
#include <string>

#include "base/text.hpp"

namespace compose::base {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws Error{text(format, ...)}.
template <class... A>
[[noreturn]] void fail(TextFormat<std::type_identity_t<A>...> format, const A&... arguments) {
  throw Error(text(format, arguments...));
}

// "open '/run/x': No such file or directory"
class SysError final : public Error {
 public:
  SysError(int code, std::string doing);
  SysError(const std::string& context, const SysError& cause);  // "context: cause"
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

// The text of an errno value, without locale: "No such file or directory".
[[nodiscard]] std::string error_text(int code);

// check(::mkdir(p, 0755), "create directory '{}'", p): returns the result, or throws SysError with errno
// taken first.
template <std::signed_integral R, class... A>
R check(R result, TextFormat<std::type_identity_t<A>...> doing, const A&... arguments) {
  if (result != -1) return result;
  const int code = errno;
  throw SysError(code, text(doing, arguments...));
}

// Calls again while the kernel says EINTR.
template <std::invocable F>
auto retry_eintr(F&& call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// Adds context in front: with_context("service 'web'", f) turns "x" into "service 'web': x" for any Error
// leaving f. A SysError stays one.
template <std::invocable F>
decltype(auto) with_context(const std::string& context, F&& f) {
  try {
    return f();
  } catch (const SysError& e) {
    throw SysError(context, e);
  } catch (const Error& e) {
    throw Error(context + ": " + e.what());
  }
}

}  // namespace compose::base
