#include "images/registry/push.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"
#include "images/archive/byte_source.hpp"
#include "images/archive/gzip_sink.hpp"
#include "images/archive/pack.hpp"
#include "images/layer_store.hpp"
#include "images/registry/answers.hpp"
#include "images/registry/pull_records.hpp"
#include "images/registry/registry.hpp"
#include "images/transfer/manifest_writing.hpp"
#include "images/worker.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::Json;

constexpr std::size_t k_most_uploading = 4;
constexpr int k_push_tick = 80;  // milliseconds

// What became of one layer.
struct PushedLayer {
  std::string digest;
  std::uint64_t size = 0;
  bool mounted = false;
  bool existed = false;
  static constexpr auto fields() {
    return std::tuple{field("digest", &PushedLayer::digest), field("size", &PushedLayer::size),
                      field("mounted", &PushedLayer::mounted), field("existed", &PushedLayer::existed)};
  }
};

// A file's bytes, told as they go.
class FileSource final : public ByteSource {
 public:
  FileSource(const HostPath& file, WorkerReport& report)
      : fd_(base::sys::open(file, O_RDONLY)), source_(fd_.get()), report_(report) {}
  std::string_view read() override {
    const auto bytes = source_.read();
    sent_ += bytes.size();
    report_.progress(sent_);
    return bytes;
  }

 private:
  base::UniqueFd fd_;
  FdSource source_;
  WorkerReport& report_;
  std::uint64_t sent_ = 0;
};

// One layer to be sent: a blob as it is, or a directory that is packed first.
struct LayerPlan {
  std::string diff_id;
  std::string type;
  std::string digest;  // "" while it is not known
  std::uint64_t size = 0;
  bool has_blob = false;
  std::string odd_blob;                 // an archive in the store that OCI has no word for; "" none
  bool only_so = false;                 // this archive or none
  std::vector<std::string> mount_from;  // paths of repositories
  std::unique_ptr<Worker> worker;
  bool over = false;
};

class Pusher {
 public:
  Pusher(Store& store, const RegistrySettings& settings, TransferProgress& progress, std::string reference)
      : store_(store),
        settings_(settings),
        progress_(progress),
        asked_for_(std::move(reference)),
        lease_(store.layers().lease()),
        workspace_(store.layers().workspace()) {}

  std::string run() {
    reference_ = parse_reference(asked_for_);
    if (!reference_.digest.empty()) fail("a digest is not a name that can be given");
    const auto image = store_.require(asked_for_);
    id_ = image.id;
    config_ = store_.config_json(id_);
    const auto diff_ids = parse_image_document(config_).diff_ids;
    if (!push_as_it_came(diff_ids)) {
      for (const auto& diff_id : diff_ids) plan_layer(diff_id);
      upload_layers();
    }
    if (manifest_.document.empty()) make_manifest();
    send_manifest();
    remember();
    return manifest_.digest;
  }

 private:
  // ---- what to send ----

  // With a manifest that the image was pulled or pushed with, so that it keeps its digest: where its archives
  // are here, or else where the registry has them.
  bool push_as_it_came(const std::vector<std::string>& diff_ids) {
    auto manifests = PullRecords{store_.database()}.manifests_of(id_);
    std::stable_partition(manifests.begin(), manifests.end(),
                          [&](const StoredManifest& m) { return archives_are_here(m); });
    for (const auto& manifest : manifests) {
      const auto layers = parse_oci_manifest(manifest.document).layers;
      if (layers.size() != diff_ids.size()) continue;
      for (std::size_t i = 0; i < layers.size(); ++i)
        add({.diff_id = diff_ids[i],
             .type = layers[i].media_type,
             .digest = layers[i].digest,
             .size = layers[i].size,
             .has_blob = base::sys::exists(store_.layers().blob_path(layers[i].digest)),
             .only_so = true});
      try {
        upload_layers();
        manifest_ = manifest;
        return true;
      } catch (const base::Error&) {
        if (archives_are_here(manifest)) throw;
        layers_.clear();  // the registry does not have them: they are packed anew
      }
    }
    return false;
  }

  [[nodiscard]] bool archives_are_here(const StoredManifest& manifest) const {
    return std::ranges::all_of(parse_oci_manifest(manifest.document).layers, [&](const Descriptor& d) {
      return base::sys::exists(store_.layers().blob_path(d.digest));
    });
  }

  void plan_layer(const std::string& diff_id) {
    const auto layer = store_.layers().find(diff_id);
    if (!layer) fail("layer {} is not in the store", diff_id);
    LayerPlan plan{.diff_id = diff_id, .type = k_oci_layer_gzip};
    const auto type = layer->blob.empty() ? "" : layer_media_type(store_.layers().blob_path(layer->blob));
    if (!type.empty()) {
      plan.type = type;
      plan.digest = layer->blob;
      plan.size = layer->blob_size;
      plan.has_blob = true;
    } else {
      plan.odd_blob = layer->blob;
      if (const auto packed = PullRecords{store_.database()}.packed(diff_id)) {
        plan.digest = packed->digest;
        plan.size = packed->size;
      }
    }
    add(std::move(plan));
  }

  void add(LayerPlan plan) {
    const auto own = reference_.domain + "/" + reference_.path;
    for (const auto& repository : PullRecords{store_.database()}.repositories_with(plan.diff_id)) {
      const auto other = parse_reference(repository);
      if (repository != own && other.domain == reference_.domain) plan.mount_from.push_back(other.path);
    }
    layers_.push_back(std::move(plan));
  }

  // ---- layers ----

  void upload_layers() {
    while (std::ranges::any_of(layers_, [](const auto& layer) { return !layer.over; })) {
      start();
      std::vector<int> fds;
      for (const auto& layer : layers_)
        if (layer.worker) fds.push_back(layer.worker->fd());
      wait_for_any(fds, k_push_tick);
      for (auto& layer : layers_)
        if (layer.worker) hear(layer);
      progress_.tick();
    }
  }

  void start() {
    std::set<std::string> on_their_way;
    for (const auto& layer : layers_)
      if (layer.worker) on_their_way.insert(layer.diff_id);
    for (auto& layer : layers_) {
      if (layer.over || layer.worker || on_their_way.size() == k_most_uploading ||
          !on_their_way.insert(layer.diff_id).second)
        continue;
      tell(layer, TransferState::waiting, 0);
      layer.worker = std::make_unique<Worker>(
          [&](WorkerReport& report) { return base::to_wire(push_layer(layer, report)); });
    }
  }

  void hear(LayerPlan& layer) {
    const auto outcome =
        layer.worker->hear([&](std::uint64_t done) { tell(layer, TransferState::uploading, done); });
    if (!outcome) return;
    layer.worker.reset();
    layer.over = true;
    if (outcome->failed)
      fail("layer {}: {}", layer.digest.empty() ? layer.diff_id : layer.digest, outcome->text);
    const auto pushed = base::from_wire<PushedLayer>(outcome->text);
    if (!layer.has_blob)
      PullRecords{store_.database()}.put_packed(layer.diff_id, {pushed.digest, pushed.size});
    layer.digest = pushed.digest;
    layer.size = pushed.size;
    tell(layer,
         pushed.existed   ? TransferState::exists
         : pushed.mounted ? TransferState::mounted
                          : TransferState::pushed,
         layer.size);
  }

  // In a process of its own.
  PushedLayer push_layer(const LayerPlan& layer, WorkerReport& report) const {
    Registry registry{settings_, reference_, RegistryAccess::push};
    PushedLayer pushed{.digest = layer.digest, .size = layer.size};
    if (!layer.digest.empty()) {
      pushed.existed = registry.has_blob(layer.digest);
      if (pushed.existed) return pushed;
      for (const auto& from : layer.mount_from) {
        pushed.mounted = registry.mount_blob(layer.digest, from);
        if (pushed.mounted) return pushed;
      }
    }
    if (layer.only_so && !layer.has_blob) fail("its archive is neither here nor there");
    auto file = store_.layers().blob_path(layer.digest.empty() ? layer.diff_id : layer.digest);
    if (!layer.has_blob) {
      file = workspace_.work() / layer.diff_id.substr(7);
      pushed = pack(layer, file);
      if (!layer.digest.empty() && pushed.digest != layer.digest)
        fail("it packs to {} and once was {}", pushed.digest, layer.digest);
      pushed.existed = layer.digest.empty() && registry.has_blob(pushed.digest);
      if (pushed.existed) return pushed;
    }
    registry.upload(pushed.digest, {.size = pushed.size, .open = [&]() -> std::unique_ptr<ByteSource> {
                                      return std::make_unique<FileSource>(file, report);
                                    }});
    return pushed;
  }

  // In that process too: what the database knows is in the plan.
  PushedLayer pack(const LayerPlan& layer, const HostPath& file) const {
    const auto fd = base::sys::open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FdSink out{fd.get()};
    DigestSink digest{&out};
    GzipSink gzip{digest};
    std::string found;
    if (!layer.odd_blob.empty()) {
      const auto blob = base::sys::open(store_.layers().blob_path(layer.odd_blob), O_RDONLY);
      FdSource bytes{blob.get()};
      DecompressingSource plain{bytes};
      DigestSink tar{&gzip};
      for (auto block = plain.read(); !block.empty(); block = plain.read()) tar.write(block);
      found = tar.digest();
    } else {
      found = pack_directory(store_.layers().directory_of(layer.diff_id), PackForm::layer, &gzip).digest;
    }
    if (found != layer.diff_id) fail("it is damaged in the store");
    gzip.finish();
    return {.digest = digest.digest(), .size = digest.size()};
  }

  // ---- manifest ----

  void make_manifest() {
    Json layers = Json::array();
    for (const auto& layer : layers_) layers.push_back(descriptor_json(layer.type, layer.digest, layer.size));
    manifest_.document = manifest_text(descriptor_json(k_oci_config, id_, config_.size()), layers);
    manifest_.media_type = k_oci_manifest;
    manifest_.digest = "sha256:" + base::sha256_hex(manifest_.document);
  }

  void send_manifest() {
    Worker worker{[&](WorkerReport&) {
      Registry registry{settings_, reference_, RegistryAccess::push};
      if (!registry.has_blob(id_))
        registry.upload(id_, {.size = config_.size(), .open = [&]() -> std::unique_ptr<ByteSource> {
                                return std::make_unique<TextSource>(config_);
                              }});
      registry.put_manifest(reference_.tag, manifest_.media_type, manifest_.document);
      return std::string{};
    }};
    for (;;) {
      const std::array<int, 1> fds{worker.fd()};
      wait_for_any(fds, k_push_tick);
      progress_.tick();
      const auto outcome = worker.hear({});
      if (!outcome) continue;
      if (outcome->failed) fail("manifest: {}", outcome->text);
      return;
    }
  }

  void remember() {
    PullRecords records{store_.database()};
    store_.database().transaction([&] {
      records.put_manifest(id_, manifest_);
      records.put_digest(reference_.domain + "/" + reference_.path, manifest_.digest, id_);
    });
  }

  // By its diff id: what it is packed to may not be known before the end.
  void tell(const LayerPlan& layer, TransferState state, std::uint64_t done) {
    progress_.layer({.image = asked_for_,
                     .layer = layer.diff_id.substr(7, 12),
                     .state = state,
                     .done = done,
                     .total = layer.size});
  }

  Store& store_;
  const RegistrySettings& settings_;
  TransferProgress& progress_;
  std::string asked_for_;
  WriterLease lease_;
  Workspace workspace_;
  Reference reference_;
  std::string id_;
  std::string config_;
  StoredManifest manifest_;
  std::vector<LayerPlan> layers_;
};

}  // namespace

std::vector<PushOutcome> push_images(Store& store, const RegistrySettings& settings,
                                     const std::vector<std::string>& references, TransferProgress& progress) {
  std::vector<PushOutcome> outcomes;
  for (const auto& reference : references) {
    auto& outcome = outcomes.emplace_back(PushOutcome{.reference = reference});
    try {
      outcome.digest = Pusher{store, settings, progress, reference}.run();
    } catch (const base::Error& e) {
      outcome.error = base::text("push '{}': {}", reference, e.what());
    }
  }
  return outcomes;
}

}  // namespace compose::images
