#include "compose/ui/log_reader.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/text.hpp"

namespace compose::ui {
namespace {

constexpr std::size_t k_block = 64U << 10U;
constexpr int k_most_files = 1000;

// The first record that begins at `offset` or later, but not in the middle of one.
struct Found {
  off_t at = 0;
  std::string time;
};

std::optional<Found> record_from(int fd, off_t offset) {
  std::array<char, k_block> block;
  const auto count = ::pread(fd, block.data(), block.size(), offset);
  std::string_view bytes{block.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  std::size_t at = 0;
  if (offset > 0) at = bytes.find('\n') + 1;  // 0 where there is none: then nothing is found below
  while (at < bytes.size() && (offset == 0 || at > 0)) {
    const auto end = bytes.find('\n', at);
    if (end == std::string_view::npos) break;
    if (const auto record = parse_log_record(bytes.substr(at, end - at)))
      return Found{.at = offset + static_cast<off_t>(at), .time = std::string{record->time}};
    at = end + 1;
  }
  return std::nullopt;
}

// A place at or before the first record that is newer, and not far before it.
off_t place_before(int fd, off_t size, const std::string& time) {
  off_t low = 0;
  off_t high = size;
  while (high - low > static_cast<off_t>(k_block)) {
    const off_t middle = low + (high - low) / 2;
    const auto found = record_from(fd, middle);
    if (found && found->time <= time)
      low = std::min(found->at, high);
    else
      high = middle;
    if (found && found->at >= high) high = middle;
  }
  return low;
}

}  // namespace

LogReader::LogReader(base::HostPath log_file) : file_(std::move(log_file)) {}

std::vector<base::HostPath> LogReader::files_oldest_first() const {
  std::vector<base::HostPath> files;
  if (base::sys::exists(file_)) files.push_back(file_);
  for (int n = 1; n < k_most_files; ++n) {
    base::HostPath rotated{base::text("{}.{}", file_.str(), n)};
    if (!base::sys::exists(rotated)) break;
    files.push_back(std::move(rotated));
  }
  std::ranges::reverse(files);
  return files;
}

std::optional<LogReader::OpenFile> LogReader::open_file(const base::HostPath& path) {
  auto fd = base::sys::open_if_exists(path, O_RDONLY);
  struct ::stat status {};
  if (!fd || ::fstat(fd->get(), &status) != 0) return std::nullopt;
  return OpenFile{std::move(*fd), status.st_ino};
}

bool LogReader::open_first() {
  for (const auto& path : files_oldest_first())
    if (auto opened = open_file(path)) {
      current_ = std::move(*opened);
      return true;
    }
  return false;
}

// The file that follows the held one. When the held one has been rotated out of existence, the oldest that
// there is.
bool LogReader::open_successor() {
  auto files = files_oldest_first();
  std::vector<OpenFile> open;
  for (const auto& path : files)
    if (auto file = open_file(path)) open.push_back(std::move(*file));
  const auto held = std::ranges::find(open, current_.inode, &OpenFile::inode);
  const auto next = held == open.end() ? open.begin() : held + 1;
  if (next == open.end()) return false;
  while (fill()) {
    // What was written between our last read and the rotation.
  }
  current_ = std::move(*next);
  return true;
}

bool LogReader::fill() {
  if (position_ > k_block) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  std::array<char, k_block> block;
  const auto count = base::sys::read_some(current_.fd.get(), block);
  buffer_.append(block.data(), count);
  return count > 0;
}

std::optional<LogLine> LogReader::take_line() {
  for (;;) {
    const auto end = buffer_.find('\n', position_);
    if (end == std::string::npos) return std::nullopt;
    const auto line = std::string_view{buffer_}.substr(position_, end - position_);
    position_ = end + 1;
    const auto record = parse_log_record(line);
    at_last_ = record && !last_.empty() && record->time > last_;
    if (at_last_) return std::nullopt;
    if (!record || (!after_.empty() && record->time <= after_)) continue;
    if (auto whole = lines_.add(*record)) return whole;
  }
}

std::optional<LogLine> LogReader::next() {
  if (!current_.fd && !open_first()) return std::nullopt;
  while (!at_last_) {
    if (auto line = take_line()) return line;
    if (at_last_) break;
    if (fill()) continue;
    if (!open_successor()) break;
  }
  return std::nullopt;
}

void LogReader::seek_after(const std::string& time) {
  after_ = time;
  auto files = files_oldest_first();
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    auto opened = open_file(*file);
    struct ::stat status {};
    if (!opened || ::fstat(opened->fd.get(), &status) != 0) continue;
    current_ = std::move(*opened);
    const auto first = record_from(current_.fd.get(), 0);
    if (!first || first->time > time) continue;
    ::lseek(current_.fd.get(), place_before(current_.fd.get(), status.st_size, time), SEEK_SET);
    return;
  }
}

void LogReader::seek_tail(std::size_t lines) {
  auto files = files_oldest_first();
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    auto opened = open_file(*file);
    if (!opened) continue;
    // Offsets of the last `lines` whole lines of this file; a file is at most a few tens of megabytes.
    const auto content = base::sys::read_to_end(opened->fd.get(), 1U << 30U);
    std::deque<std::size_t> starts;
    std::size_t start_of_line = 0;
    std::size_t start = 0;
    for (auto end = content.find('\n'); end != std::string::npos; end = content.find('\n', start)) {
      const auto record = parse_log_record(std::string_view{content}.substr(start, end - start));
      start = end + 1;
      if (!record || record->partial) continue;
      starts.push_back(std::exchange(start_of_line, start));
      if (starts.size() > lines) starts.pop_front();
    }
    const bool enough = starts.size() >= lines;
    const auto offset = lines == 0 ? content.size() : starts.empty() ? 0 : starts.front();
    current_ = std::move(*opened);
    ::lseek(current_.fd.get(), static_cast<off_t>(offset), SEEK_SET);
    if (enough) return;
    lines -= starts.size();
  }
}

}  // namespace compose::ui
