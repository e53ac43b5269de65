#include "runtime-shim/shim/log_writer.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::rt {
namespace {

std::size_t first_line(std::string_view lines) {
  return std::min(lines.find('\n'), lines.size() - 1) + 1;
}

}  // namespace

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

// Whole lines that the file has room for; in an empty file one line, however long.
std::size_t LogWriter::fitting(std::string_view lines) const {
  const auto room = spec_.max_size > size_ ? spec_.max_size - size_ : 0;
  if (spec_.max_size == 0 || lines.size() <= room) return lines.size();
  const auto end = room > 0 ? lines.rfind('\n', room - 1) : std::string_view::npos;
  if (end != std::string_view::npos) return end + 1;
  return size_ == 0 ? first_line(lines) : 0;
}

bool LogWriter::write_part(std::string_view& lines) {
  if (!open()) return false;
  auto count = fitting(lines);
  if (count == 0) {
    rotate();
    if (!open()) return false;
    count = std::max(fitting(lines), first_line(lines));  // a file that could not be renamed is still full
  }
  std::string_view newline = "\n";
  if (torn_ && !write_some(newline)) return false;
  auto part = lines.substr(0, count);
  while (!part.empty() && write_some(part)) {
  }
  lines.remove_prefix(count - part.size());
  return part.empty();
}

void LogWriter::write(std::string_view lines) noexcept {
  if (!spec_.enabled) return;
  while (!lines.empty() && write_part(lines)) {
  }
  dropped_ += lines.size();
}

}  // namespace compose::rt
