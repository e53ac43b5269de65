#include "runtime-shim/shim/log_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {

HostPath LogWriter::file(std::uint32_t age) const {
  return directory_ / (age == 0 ? std::string{"container.log"} : base::text("container.log.{}", age));
}

bool LogWriter::open() {
  if (fd_) return true;
  try {
    base::sys::make_directories(directory_, 0700);
    fd_ = base::sys::open(file(0), O_WRONLY | O_CREAT | O_APPEND, 0640);
  } catch (const base::Error&) {
    return false;
  }
  struct ::stat info {};
  size_ = ::fstat(fd_.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  return true;
}

void LogWriter::rotate() {
  fd_.reset();
  size_ = 0;
  torn_ = false;
  if (spec_.max_files <= 1) {
    ::unlink(file(0).c_str());  // who reads it still has it to its end
    return;
  }
  for (std::uint32_t age = spec_.max_files - 1; age > 0; --age)
    ::rename(file(age - 1).c_str(), file(age).c_str());
}

bool LogWriter::write_some(std::string_view& bytes) {
  const auto n = base::retry_eintr([&] { return ::write(fd_.get(), bytes.data(), bytes.size()); });
  if (n <= 0) return false;
  size_ += static_cast<std::uint64_t>(n);
  torn_ = bytes[static_cast<std::size_t>(n) - 1] != '\n';
  bytes.remove_prefix(static_cast<std::size_t>(n));
  return true;
}

void LogWriter::write(std::string_view lines) noexcept {
  if (!spec_.enabled || lines.empty()) return;
  if (spec_.max_size > 0 && size_ > 0 && size_ + lines.size() > spec_.max_size) rotate();
  if (open()) {
    std::string_view newline = "\n";
    if (!torn_ || write_some(newline))
      while (!lines.empty() && write_some(lines)) {
      }
  }
  dropped_ += lines.size();
}

}  // namespace compose::rt
