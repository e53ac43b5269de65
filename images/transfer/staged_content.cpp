#include "images/transfer/staged_content.hpp"

#include <algorithm>
#include <fcntl.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/image.hpp"
#include "images/room.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::UniqueFd;

constexpr std::size_t k_max_files = 100'000;
constexpr int k_max_aliases = 8;
// Names are only keys here, never paths; still, one that goes upwards is refused.
std::string key_of(const std::string& name) {
  auto clean = base::clean_path(name);
  if (clean.starts_with("../") || clean == "..") fail("entry '{}': the name goes upwards", name);
  while (clean.starts_with('/')) clean.erase(0, 1);
  return clean;
}

class ArchiveContent final : public StagedContent {
 public:
  explicit ArchiveContent(HostPath directory) : directory_(std::move(directory)) {}

  void spread(ByteSource& archive) {
    const auto room = room_in(directory_);
    TarReader tar{archive};
    while (const auto header = tar.next()) {
      if (files_.size() + aliases_.size() > k_max_files)
        fail("more than {} files in the archive", k_max_files);
      const auto name = key_of(header->path);
      if (header->type == TarType::file) {
        files_[name] = store(tar, room);
      } else if (header->type == TarType::symlink) {
        aliases_[name] =
            key_of(header->link.starts_with('/') ? header->link
                                                 : HostPath{"/" + name}.parent().str() + "/" + header->link);
      } else if (header->type == TarType::hard_link) {
        aliases_[name] = key_of(header->link);
      }
    }
  }

  std::optional<StagedFile> find(const std::string& name) override {
    const auto* file = look_up(name);
    if (file == nullptr) return std::nullopt;
    return file->facts;
  }
  UniqueFd open(const std::string& name) override { return base::sys::open(path_of(name), O_RDONLY); }
  [[nodiscard]] bool is_ours() const override { return true; }
  void move_to(const std::string& name, const StagedFile&, const HostPath& target) override {
    base::sys::rename(path_of(name), target);
  }

 private:
  struct File {
    std::size_t number = 0;
    StagedFile facts;
  };

  File store(TarReader& tar, const Room& room) {
    File file{.number = ++last_number_};
    const auto fd =
        base::sys::open(directory_ / std::to_string(file.number), O_WRONLY | O_CREAT | O_EXCL, 0600);
    FdSink to_file{fd.get()};
    DigestSink digest{&to_file};
    while (const auto block = tar.data()) {
      if (block->offset != digest.size()) fail("damaged archive: a file with holes");
      total_ += block->bytes.size();
      if (total_ > room.bytes) room.refuse("for a copy of the archive");
      digest.write(block->bytes);
    }
    file.facts = {.digest = digest.digest(), .size = digest.size()};
    return file;
  }

  const File* look_up(const std::string& name) const {
    std::string key = key_of(name);
    for (int i = 0; i < k_max_aliases; ++i) {
      if (const auto found = files_.find(key); found != files_.end()) return &found->second;
      const auto alias = aliases_.find(key);
      if (alias == aliases_.end()) return nullptr;
      key = alias->second;
    }
    return nullptr;
  }

  HostPath path_of(const std::string& name) const {
    const auto* file = look_up(name);
    if (file == nullptr) fail("'{}' is not in the archive", name);
    return directory_ / std::to_string(file->number);
  }

  HostPath directory_;
  std::map<std::string, File> files_;
  std::map<std::string, std::string> aliases_;
  std::size_t last_number_ = 0;
  std::uint64_t total_ = 0;
};

class LayoutContent final : public StagedContent {
 public:
  explicit LayoutContent(const HostPath& layout) : root_(base::sys::open(layout, O_PATH | O_DIRECTORY)) {}

  std::optional<StagedFile> find(const std::string& name) override {
    const auto path = root_.resolve(key_of(name));
    const auto status = root_.stat(path);
    if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
    DigestSink digest;
    copy(name, digest);
    return StagedFile{.digest = digest.digest(), .size = digest.size()};
  }
  UniqueFd open(const std::string& name) override {
    return root_.open(root_.resolve(key_of(name)), O_RDONLY | O_NONBLOCK);
  }
  [[nodiscard]] bool is_ours() const override { return false; }
  void move_to(const std::string& name, const StagedFile& facts, const HostPath& target) override {
    const HostPath aside{target.str() + ".part"};
    const auto out = base::sys::open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FdSink sink{out.get()};
    DigestSink digest{&sink};
    copy(name, digest);
    if (digest.digest() != facts.digest) fail("'{}' has changed while it was loaded", name);
    base::sys::rename(aside, target);
  }

 private:
  void copy(const std::string& name, ByteSink& sink) {
    const auto file = open(name);
    FdSource source{file.get()};
    for (auto bytes = source.read(); !bytes.empty(); bytes = source.read()) sink.write(bytes);
  }

  RootView root_;
};

}  // namespace

std::string StagedContent::text(const std::string& name) {
  if (!find(name)) fail("'{}' is missing", name);
  return base::with_context(base::text("read '{}'", name),
                            [&] { return base::sys::read_to_end(open(name).get(), k_max_document); });
}

std::unique_ptr<StagedContent> stage_archive(ByteSource& archive, const HostPath& directory) {
  auto content = std::make_unique<ArchiveContent>(directory);
  content->spread(archive);
  return content;
}

std::unique_ptr<StagedContent> open_layout(const HostPath& layout) {
  return std::make_unique<LayoutContent>(layout);
}

}  // namespace compose::images
