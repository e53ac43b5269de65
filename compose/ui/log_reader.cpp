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

struct Fields {
  std::string_view time;
  bool error = false;
  bool partial = false;
  std::string_view text;
};

std::optional<Fields> split(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos || second + 2 > line.size()) return std::nullopt;
  const auto stream = line.substr(first + 1, second - first - 1);
  const char tag = line[second + 1];
  if ((stream != "stdout" && stream != "stderr") || (tag != 'F' && tag != 'P')) return std::nullopt;
  return Fields{line.substr(0, first), stream == "stderr", tag == 'P',
                line.substr(std::min(line.size(), second + 3))};
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

std::optional<LogLine> LogReader::parse(std::string_view line) {
  const auto fields = split(line);
  if (!fields) return std::nullopt;
  auto& pieces = pieces_[fields->error ? 1 : 0];
  if (pieces.time.empty()) pieces = {std::string{fields->time}, fields->error, {}};
  pieces.text += fields->text;
  if (fields->partial) return std::nullopt;
  return std::exchange(pieces, {});
}

std::optional<LogLine> LogReader::take_line() {
  for (;;) {
    const auto end = buffer_.find('\n', position_);
    if (end == std::string::npos) return std::nullopt;
    const auto line = std::string_view{buffer_}.substr(position_, end - position_);
    position_ = end + 1;
    if (auto whole = parse(line)) return whole;
  }
}

std::optional<LogLine> LogReader::next() {
  if (!current_.fd && !open_first()) return std::nullopt;
  for (;;) {
    if (auto line = take_line()) return line;
    if (fill()) continue;
    if (!open_successor()) return std::nullopt;
  }
}

std::optional<LogLine> LogReader::rest() {
  for (auto& pieces : pieces_)
    if (!pieces.time.empty()) return std::exchange(pieces, {});
  return std::nullopt;
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
      const auto fields = split(std::string_view{content}.substr(start, end - start));
      start = end + 1;
      if (!fields || fields->partial) continue;
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
