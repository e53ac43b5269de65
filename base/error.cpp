#include "base/error.hpp"

#include <cstring>

namespace compose::base {

SysError::SysError(int code, std::string doing)
    : Error(std::move(doing) + ": " + error_text(code)), code_(code) {}

std::string error_text(int code) {
  if (const char* description = ::strerrordesc_np(code)) return description;
  return text("error {}", code);
}

}  // namespace compose::base
