#include "compose/ui/output.hpp"

#include <cerrno>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::ui {
namespace {
constexpr std::size_t k_buffer_size = 64U << 10U;
}

Output::~Output() {
  try {
    flush();
  } catch (const std::exception&) {
    // The command has ended with its own result; a reader that is gone cannot be told anything.
  }
}

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= k_buffer_size) flush();
}

void Output::line(std::string_view text) {
  buffer_ += text;
  write("\n");
}

void Output::flush() {
  const std::string bytes = std::exchange(buffer_, {});
  if (bytes.empty()) return;
  try {
    base::sys::write_all(fd_, bytes);
  } catch (const base::SysError& e) {
    if (e.code() == EPIPE) throw ReaderGone{};
    throw base::SysError(e.code(), "write the output");
  }
}

}  // namespace compose::ui
