#pragma once
// The log of one container: CRI lines ("2026-01-02T03:04:05.000000006Z stdout F text") in container.log and,
// older, container.log.1, container.log.2 ... Reads through rotation: the file that is being read is held
// open, and when it has been renamed, its successors are found by inode. Runs in the CLI; never blocks but
// for the disk.
//
// A damaged line is skipped. Pieces of one long line ("P") are put together again.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "compose/ui/log_record.hpp"

namespace compose::ui {

class LogReader {
 public:
  explicit LogReader(base::HostPath log_file);

  // Before the first next(): start at the last `lines` lines (0: at the end) instead of the beginning.
  void seek_tail(std::size_t lines);
  // Before the first next(): start behind that time. Finds the place without reading what comes before it.
  void seek_after(const std::string& time);
  // What is newer than that time is not read.
  void stop_behind(std::string time) { last_ = std::move(time); }
  // nullopt: the end so far; call again after the file has grown.
  std::optional<LogLine> next();
  // What there is of lines that go on behind the end.
  LogLines unfinished() { return std::exchange(lines_, {}); }
  // A last line without its end; after this the reader is spent.
  std::optional<LogLine> rest() { return lines_.rest(); }

 private:
  struct OpenFile {
    base::UniqueFd fd;
    ino_t inode = 0;
  };
  [[nodiscard]] std::vector<base::HostPath> files_oldest_first() const;
  static std::optional<OpenFile> open_file(const base::HostPath& path);
  bool open_first();
  bool open_successor();
  bool fill();
  std::optional<LogLine> take_line();

  base::HostPath file_;
  OpenFile current_;
  std::string buffer_;
  std::size_t position_ = 0;
  LogLines lines_;
  std::string after_;  // older records are passed over
  std::string last_;   // and newer ones are not read
  bool at_last_ = false;
};

}  // namespace compose::ui
