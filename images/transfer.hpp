#pragma once
// Images in and out of the store as archives. Reading understands what Docker and OCI tools write
// (docker-archive, OCI layout, each as tar - plain, gzip, zstd, xz, bzip2 - or as a directory); writing makes
// one archive that is both. Untrusted input: every name, size and digest is checked; a bad archive is an
// Error and leaves nothing behind.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"
#include "images/store.hpp"

namespace compose::images {

struct LoadedImage {
  std::string id;
  std::vector<std::string> references;  // familiar forms; empty: the archive names none
};

// From a file, a pipe or a socket; `name` for messages ("<stdin>").
std::vector<LoadedImage> load_archive(Store& store, int input, const std::string& name);
std::vector<LoadedImage> load_directory(Store& store, const base::HostPath& directory);  // an OCI layout

// One image of an OCI layout, without a name: by digest, by tag (the annotation), or the only one. Returns
// its id.
std::string load_layout_image(Store& store, const base::HostPath& directory, const std::string& tag,
                              const std::string& digest);

// Writes an archive with all of `references`; their names are kept. `output` may be a pipe.
void save_archive(Store& store, const std::vector<std::string>& references, int output);

// A root file system tar becomes an image of one layer. `changes`: Dockerfile instructions (CMD, ENV ...).
// Returns the id.
std::string import_rootfs(Store& store, int input, const std::string& name, const std::string& reference,
                          const std::vector<std::string>& changes, const std::string& message);

// A container becomes an image: its upper directory as one more layer on the image it was made from.
struct CommitRequest {
  std::string image_id;
  base::HostPath upper;
  bool live = false;                  // others may change it meanwhile
  std::vector<std::string> mounts;    // container paths that the container had something mounted at
  std::optional<ImageConfig> config;  // what the container was run with; nullopt: the image's own
  std::string reference;              // may be empty
  std::string author;
  std::string message;
  std::vector<std::string> changes;  // as for import
};
struct CommitOutcome {
  std::string id;
  std::vector<std::string> unsteady;  // files that shrank while they were read
};
CommitOutcome commit_container(Store& store, const CommitRequest& request);

// The tar of a container's files: `layers` top first (its upper directory, then the image's layers).
void export_rootfs(const std::vector<base::HostPath>& layers, int output);
// The same of the open root of one that runs; returns the files that shrank while they were read.
std::vector<std::string> export_live_rootfs(int root, int output);

}  // namespace compose::images
