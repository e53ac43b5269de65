#pragma once
// The files of an image archive or OCI layout while it is read: by name, with the digest and size their bytes
// really have. An archive is first spread into a workspace, file by file, because its order is not known; a
// directory is read in place, and whoever may write it may change it at any time.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "images/archive/byte_source.hpp"
#include "images/build/root_view.hpp"

namespace compose::images {

struct StagedFile {
  std::string digest;  // "sha256:..." of the bytes as they are
  std::uint64_t size = 0;
};

class StagedContent {
 public:
  virtual ~StagedContent() = default;
  // nullopt: there is no such file. Names are relative: "manifest.json", "blobs/sha256/...".
  virtual std::optional<StagedFile> find(const std::string& name) = 0;
  virtual base::UniqueFd open(const std::string& name) = 0;
  // What find() said stays true: nobody else can write it.
  [[nodiscard]] virtual bool is_ours() const = 0;
  // Gives the file away: afterwards it is at `target`, a name on the file system of the store. Error when it
  // is not what find() said.
  virtual void move_to(const std::string& name, const StagedFile& facts, const base::HostPath& target) = 0;
  // A small document. Error when there is none or it is larger than 4 MiB.
  std::string text(const std::string& name);
};

// Spreads the archive into `directory`. Links inside the archive become other names of the same file.
std::unique_ptr<StagedContent> stage_archive(ByteSource& archive, const base::HostPath& directory);
std::unique_ptr<StagedContent> open_layout(const base::HostPath& layout);

}  // namespace compose::images
