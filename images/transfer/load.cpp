// Archives and layouts into the store.
#include <algorithm>
#include <list>
#include <memory>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/archive/unpack_layer.hpp"
#include "images/layer_store.hpp"
#include "images/platform.hpp"
#include "images/room.hpp"
#include "images/transfer.hpp"
#include "images/transfer/manifest.hpp"
#include "images/transfer/staged_content.hpp"
#include "images/worker.hpp"

namespace compose::images {
namespace {

using base::fail;

class Loader {
 public:
  Loader(Store& store, StagedContent& content) : store_(store), content_(content) {}

  std::vector<LoadedImage> run() {
    if (content_.find("manifest.json")) {
      for (const auto& manifest : parse_docker_manifest(content_.text("manifest.json")))
        load_docker(manifest);
    } else if (content_.find("index.json")) {
      load_index(parse_oci_index(content_.text("index.json")), 0, "");
    } else {
      fail("neither manifest.json nor index.json is in it: not an image archive");
    }
    if (loaded_.empty()) fail("there is no image for {} in it", own_platform().text());
    return std::move(loaded_);
  }

  // One image of a layout: the one of that digest, else of that tag, else the only one.
  std::string run_one(const std::string& tag, const std::string& digest) {
    auto index = parse_oci_index(content_.text("index.json"));
    const bool only = tag.empty() && digest.empty() && index.manifests.size() == 1;
    const auto wanted = tag.empty() && digest.empty() ? std::string{"latest"} : tag;
    if (!only)
      std::erase_if(index.manifests, [&](const Descriptor& descriptor) {
        return digest.empty() ? name_of(descriptor) != wanted : descriptor.digest != digest;
      });
    for (auto& descriptor : index.manifests) descriptor.annotations.clear();  // it gets no name here
    load_index(index, 0, "");
    if (loaded_.empty())
      fail("there is no image '{}' for {} in it", digest.empty() ? wanted : digest, own_platform().text());
    return loaded_.front().id;
  }

 private:
  struct LayerFile {
    std::string name;
    StagedFile facts;
  };

  // ---- docker-archive ----

  void load_docker(const DockerManifest& manifest) {
    std::vector<LayerFile> layers;
    for (const auto& name : manifest.layers) {
      const auto file = content_.find(name);
      if (!file) fail("layer '{}' is missing", name);
      layers.push_back({.name = name, .facts = *file});
    }
    std::vector<Reference> references;
    for (const auto& tag : manifest.tags) references.push_back(parse_reference(tag));
    commit(content_.text(manifest.config), layers, references);
  }

  // ---- OCI ----

  // The bytes that a descriptor names, checked against it.
  std::string document(const Descriptor& descriptor) {
    check(descriptor);
    auto text = content_.text(blob_name(descriptor.digest));
    if ("sha256:" + base::sha256_hex(text) != descriptor.digest)
      fail("blob {} has changed while it was loaded", descriptor.digest);
    return text;
  }

  StagedFile check(const Descriptor& descriptor) {
    const auto file = content_.find(blob_name(descriptor.digest));
    if (!file) fail("blob {} is missing", descriptor.digest);
    if (file->digest != descriptor.digest)
      fail("blob {}: its content has the digest {}", descriptor.digest, file->digest);
    if (file->size != descriptor.size)
      fail("blob {}: it has {} bytes and should have {}", descriptor.digest, file->size, descriptor.size);
    return *file;
  }

  static std::string name_of(const Descriptor& descriptor) {
    const auto full = descriptor.annotations.find("io.containerd.image.name");
    if (full != descriptor.annotations.end()) return full->second;
    const auto name = descriptor.annotations.find("org.opencontainers.image.ref.name");
    return name == descriptor.annotations.end() ? "" : name->second;
  }

  static bool fits(const Descriptor& descriptor) {
    if (descriptor.is_attestation()) return false;
    if (descriptor.os.empty() && descriptor.architecture.empty()) return true;
    return platform_rank({descriptor.os, descriptor.architecture, descriptor.variant}, own_platform()) > 0;
  }

  void load_index(const OciIndex& index, int depth, const std::string& outer_name) {
    if (depth > k_max_index_depth) fail("image indexes are nested more than {} deep", k_max_index_depth);
    for (const auto& descriptor : index.manifests) {
      if (!fits(descriptor)) continue;
      const auto own_name = name_of(descriptor);
      const auto& name = own_name.empty() ? outer_name : own_name;
      if (descriptor.is_index()) {
        load_index(parse_oci_index(document(descriptor)), depth + 1, name);
      } else if (descriptor.is_manifest()) {
        load_manifest(parse_oci_manifest(document(descriptor)), name);
      } else {
        fail("'{}' is neither an image index nor an image manifest", descriptor.media_type);
      }
    }
  }

  void load_manifest(const OciManifest& manifest, const std::string& name) {
    std::vector<LayerFile> layers;
    for (const auto& descriptor : manifest.layers)
      layers.push_back({.name = blob_name(descriptor.digest), .facts = check(descriptor)});
    std::vector<Reference> references;
    // A bare tag ("latest") names no image.
    if (name.find_first_of("/:") != std::string::npos) references.push_back(parse_reference(name));
    commit(document(manifest.config), layers, references);
  }

  // ---- both ----

  void commit(const std::string& config, const std::vector<LayerFile>& layers,
              const std::vector<Reference>& references) {
    const auto document = parse_image_document(config);
    if (document.diff_ids.size() != layers.size())
      fail("the image has {} layers and its config names {}", layers.size(), document.diff_ids.size());
    load_layers(layers, document.diff_ids);
    LoadedImage image{.id = store_.commit(config, references)};
    for (const auto& reference : references) image.references.push_back(reference.familiar());
    loaded_.push_back(std::move(image));
  }

  // One layer on its way, unpacked in a process of its own.
  struct LayerJob {
    const LayerFile& file;
    std::string diff_id;
    Workspace workspace;
    std::unique_ptr<Worker> worker;
    [[nodiscard]] base::HostPath blob() const { return workspace.work() / "blob"; }
  };

  void load_layers(const std::vector<LayerFile>& layers, const std::vector<std::string>& diff_ids) {
    std::list<LayerJob> jobs;
    std::set<std::string> begun;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (store_.layers().find(diff_ids[i]) || !begun.insert(diff_ids[i]).second) continue;
      while (jobs.size() >= processors()) finish_some(jobs);
      about_layer(diff_ids[i], [&] { start(jobs, layers[i], diff_ids[i]); });
    }
    while (!jobs.empty()) finish_some(jobs);
  }

  template <class F>
  static void about_layer(const std::string& diff_id, F&& f) {
    base::with_context(base::text("layer {}", diff_id), std::forward<F>(f));
  }

  void start(std::list<LayerJob>& jobs, const LayerFile& file, const std::string& diff_id) {
    auto& job = jobs.emplace_back(LayerJob{
        .file = file, .diff_id = diff_id, .workspace = store_.layers().workspace(), .worker = nullptr});
    job.worker = std::make_unique<Worker>([&](WorkerReport&) { return base::to_wire(unpack(job)); });
  }

  UnpackedLayer unpack(const LayerJob& job) {
    const auto fd = content_.open(job.file.name);
    FdSource bytes{fd.get()};
    const auto& facts = job.file.facts;
    auto layer = facts.digest == job.diff_id && content_.is_ours()
                     ? unpack_digested_layer(bytes, job.workspace.upper(), job.diff_id, facts.size)
                     : unpack_layer(bytes, job.workspace.upper());
    layer.must_be(job.diff_id);
    content_.move_to(job.file.name, facts, job.blob());
    return layer;
  }

  void finish_some(std::list<LayerJob>& jobs) {
    std::vector<int> fds;
    for (const auto& job : jobs) fds.push_back(job.worker->fd());
    wait_for_any(fds, -1);
    for (auto job = jobs.begin(); job != jobs.end();) {
      const auto outcome = job->worker->hear({});
      if (outcome) about_layer(job->diff_id, [&] { finish(*job, *outcome); });
      job = outcome ? jobs.erase(job) : std::next(job);
    }
  }

  void finish(const LayerJob& job, const WorkerOutcome& outcome) {
    if (outcome.failed) fail("{}", outcome.text);
    const auto unpacked = base::from_wire<UnpackedLayer>(outcome.text);
    const auto& facts = job.file.facts;
    base::fault_point("images.load.unpacked");
    store_.layers().adopt_blob(job.blob(), facts.digest);
    base::fault_point("images.load.blob");
    store_.layers().adopt(job.workspace.upper(), {.diff_id = job.diff_id,
                                                  .size = unpacked.size,
                                                  .tar_size = unpacked.tar_size,
                                                  .blob = facts.digest,
                                                  .blob_size = facts.size});
  }

  Store& store_;
  StagedContent& content_;
  std::vector<LoadedImage> loaded_;
};

}  // namespace

std::vector<LoadedImage> load_archive(Store& store, int input, const std::string& name) {
  return base::with_context(base::text("load '{}'", name), [&] {
    const auto lease = store.layers().lease();
    const auto workspace = store.layers().workspace();
    FdSource file{input};
    DecompressingSource plain{file};
    const auto content =
        telling_room(workspace.path(), [&] { return stage_archive(plain, workspace.work()); });
    return Loader{store, *content}.run();
  });
}

std::vector<LoadedImage> load_directory(Store& store, const base::HostPath& directory) {
  return base::with_context(base::text("load '{}'", directory.str()), [&] {
    const auto lease = store.layers().lease();
    const auto content = open_layout(directory);
    return Loader{store, *content}.run();
  });
}

std::string load_layout_image(Store& store, const base::HostPath& directory, const std::string& tag,
                              const std::string& digest) {
  return base::with_context(base::text("load '{}'", directory.str()), [&] {
    const auto lease = store.layers().lease();
    const auto content = open_layout(directory);
    return Loader{store, *content}.run_one(tag, digest);
  });
}

}  // namespace compose::images
