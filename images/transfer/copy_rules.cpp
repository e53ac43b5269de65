#include "images/transfer/copy_rules.hpp"

#include "base/error.hpp"
#include "base/path.hpp"

namespace compose::images {

bool means_contents(std::string_view path) noexcept {
  return path == "." || path.ends_with("/.");
}

bool means_directory(std::string_view path) noexcept {
  return path.ends_with('/') || means_contents(path) || path == ".." || path.ends_with("/..");
}

namespace {

void check_source(const CopyEnds& ends) {
  if (ends.source_is == CopyKind::missing) base::fail("'{}': no such file or directory", ends.source);
  if (ends.source_is == CopyKind::other && means_directory(ends.source))
    base::fail("'{}': not a directory", ends.source);
}

void check_destination(const CopyEnds& ends) {
  const bool is_directory = ends.source_is == CopyKind::directory;
  if (ends.destination_is == CopyKind::other && means_directory(ends.destination))
    base::fail("'{}': not a directory", ends.destination);
  if (ends.destination_is == CopyKind::other && is_directory)
    base::fail("'{}' is a directory and '{}' is not: a directory takes the place of nothing else",
               ends.source, ends.destination);
  if (ends.destination_is == CopyKind::missing && !is_directory && means_directory(ends.destination))
    base::fail("'{}': no such directory", ends.destination);
}

}  // namespace

CopyPlan plan_copy(const CopyEnds& ends) {
  check_source(ends);
  check_destination(ends);
  if (ends.destination_is != CopyKind::directory) return {};
  const bool whole = !means_contents(ends.source);
  return {.inside = true, .name = whole ? base::HostPath{ends.source_path}.name() : ""};
}

void check_tar_destination(const std::string& destination, CopyKind destination_is) {
  if (destination_is == CopyKind::missing) base::fail("'{}': no such directory", destination);
  if (destination_is == CopyKind::other) base::fail("'{}': not a directory", destination);
}

}  // namespace compose::images
