#include "base/error.hpp"

#include <cstring>

namespace compose::base {

SysError::SysError(int code, std::string doing)
    : Error(std::move(doing) + ": " + error_text(code)), code_(code) {}

SysError::SysError(const std::string& context, const SysError& cause)
    : Error(context + ": " + cause.what()), code_(cause.code_) {}

std::string error_text(int code) {
  if (const char* description = ::strerrordesc_np(code)) return description;
  return text("error {}", code);
}

}  // namespace compose::base
