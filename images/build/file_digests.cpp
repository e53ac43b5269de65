#include "images/build/file_digests.hpp"

#include <ctime>
#include <fcntl.h>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/wire.hpp"
#include "images/archive/overlay_marks.hpp"
#include "images/build/build_cache.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_read_buffer = 1U << 20U;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// The clock that the kernel stamps files with, a tick late at most.
std::int64_t coarse_now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return nanoseconds(time);
}

RememberedDigest facts_of(const struct ::stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified = nanoseconds(status.st_mtim),
          .changed = nanoseconds(status.st_ctim)};
}

bool same_facts(const RememberedDigest& a, const RememberedDigest& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.modified == b.modified &&
         a.changed == b.changed;
}

}  // namespace

std::string digest_of_file(int fd) {
  static std::vector<char> buffer(k_read_buffer);
  base::Sha256 sha;
  while (const auto n = base::sys::read_some(fd, buffer)) sha.update({buffer.data(), n});
  return sha.finish();
}

std::string digest_of_attributes(int fd, const std::string& path) {
  const auto attributes = portable_attributes(fd, path);
  if (attributes.empty()) return "";
  CacheKey key;
  for (const auto& [name, value] : attributes) key.add(name).add(value);
  return key.finish();
}

std::string digest_with_attributes(int fd, const std::string& path) {
  auto content = digest_of_file(fd);
  const auto attributes = digest_of_attributes(fd, path);
  return attributes.empty() ? content : CacheKey{}.add(content).add(attributes).finish();
}

FileDigests::FileDigests(base::Database& database, std::string context, bool kept)
    : database_(database), context_(std::move(context)), kept_(kept) {
  if (!kept_) return;
  database_.each("SELECT entries FROM context_memo WHERE context = ?", {context_},
                 [&](const base::SqlRow& row) {
                   try {
                     for (auto& [path, entry] :
                          base::from_wire<std::vector<std::pair<std::string, RememberedDigest>>>(row.text(0)))
                       known_.emplace(std::move(path), std::move(entry));
                   } catch (const base::Error&) {
                     known_.clear();  // of another version: learnt again
                   }
                 });
}

const std::string& FileDigests::digest_of(int directory, const std::string& name, const std::string& path,
                                          const struct ::stat& status) {
  const auto found = known_.find(path);
  if (found != known_.end() && same_facts(found->second, facts_of(status))) return found->second.digest;
  const auto tick = coarse_now();
  const auto fd = base::sys::open_at(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  auto facts = facts_of(base::sys::stat_fd(fd.get()));
  if (!same_facts(facts, facts_of(status))) base::fail("'{}' changed while it was read", path);
  auto digest = base::with_context(base::text("read '{}'", path),
                                   [&] { return digest_with_attributes(fd.get(), path); });
  if (facts.changed >= tick) return unsettled_[path] = std::move(digest);
  changed_ = true;
  facts.digest = std::move(digest);
  return (known_[path] = std::move(facts)).digest;
}

void FileDigests::save() {
  if (!changed_ || !kept_) return;
  const std::vector<std::pair<std::string, RememberedDigest>> entries{known_.begin(), known_.end()};
  database_.run(
      "INSERT INTO context_memo (context, entries) VALUES (?, ?) "
      "ON CONFLICT (context) DO UPDATE SET entries = excluded.entries",
      {context_, base::to_wire(entries)});
  changed_ = false;
}

}  // namespace compose::images
