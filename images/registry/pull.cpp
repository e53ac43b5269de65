#include "images/registry/pull.hpp"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "base/wire.hpp"
#include "images/archive/unpack_layer.hpp"
#include "images/layer_store.hpp"
#include "images/registry/blob_feed.hpp"
#include "images/registry/pull_records.hpp"
#include "images/registry/registry.hpp"
#include "images/registry/resolve.hpp"
#include "images/room.hpp"
#include "images/worker.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::UniqueFd;

constexpr std::size_t k_most_resolving = 8;
constexpr std::size_t k_most_downloading = 4;
constexpr std::size_t k_most_layers = 8;  // downloading or unpacking
constexpr int k_pull_tick = 80;           // milliseconds

// What the process that downloads has to say at its end.
struct Downloaded {
  std::string error;         // "" when the blob is there and right
  bool damaged = false;      // what is there is wrong
  bool elsewhere = false;    // a mirror had a part in it: others can be asked
  std::uint64_t source = 0;  // which
  std::vector<std::string> warnings;
  static constexpr auto fields() {
    return std::tuple{field("error", &Downloaded::error), field("damaged", &Downloaded::damaged),
                      field("elsewhere", &Downloaded::elsewhere), field("source", &Downloaded::source),
                      field("warnings", &Downloaded::warnings)};
  }
};

std::string short_digest(const std::string& digest) {
  return digest.substr(7, 12);
}

void check_room(const HostPath& directory, std::uint64_t wanted) {
  const auto room = room_in(directory);
  if (wanted > room.bytes) room.refuse(base::text("for its {}", base::format_bytes_decimal(wanted)));
}

// One image on its way.
struct ImageJob {
  PullRequest request;
  Reference reference;
  std::unique_ptr<Worker> resolving;
  std::optional<ResolvedImage> resolved;
  std::set<std::string> missing;  // diff ids
  bool over = false;
  PullOutcome outcome;
};

// One layer on its way. The first of `sources` is asked; when it fails, its image fails, and the next is
// asked.
struct LayerJob {
  struct Source {
    ImageJob* image;
    Descriptor descriptor;
  };
  std::vector<Source> sources;
  std::optional<Workspace> workspace;
  std::optional<PartialBlob> partial;  // none where another process is at the same blob
  base::HostPath file;                 // where the blob grows
  bool anew = false;                   // what an earlier download left was wrong
  std::optional<std::size_t> after;    // servers up to this one have given wrong bytes
  std::unique_ptr<Worker> download;
  std::unique_ptr<Worker> unpack;
  std::optional<WorkerOutcome> unpacked;
  bool downloaded = false;
  std::uint64_t done = 0;
  [[nodiscard]] bool started() const { return workspace.has_value(); }
};

class Puller {
 public:
  Puller(Store& store, const RegistrySettings& settings, TransferProgress& progress)
      : store_(store), settings_(settings), progress_(progress), lease_(store.layers().lease()) {}

  std::vector<PullOutcome> run(const std::vector<PullRequest>& requests) {
    for (const auto& request : requests) {
      auto& job = *images_.emplace_back(std::make_unique<ImageJob>());
      job.request = request;
      job.outcome.reference = request.reference;
      guarded(job, [&] { job.reference = parse_reference(request.reference); });
    }
    while (!all_over()) {
      start_resolving();
      start_layers();
      wait();
      hear_resolving();
      hear_layers();
      progress_.tick();
    }
    std::vector<PullOutcome> outcomes;
    for (const auto& job : images_) outcomes.push_back(std::move(job->outcome));
    return outcomes;
  }

 private:
  [[nodiscard]] bool all_over() const {
    return std::ranges::all_of(images_, [](const auto& job) { return job->over; });
  }

  void fail_image(ImageJob& job, const std::string& cause) {
    job.over = true;
    job.resolving.reset();
    job.outcome.error = base::text("pull '{}': {}", job.request.reference, cause);
    for (auto& [diff_id, layer] : layers_) {
      if (layer.sources.empty() || layer.sources.front().image != &job) {
        std::erase_if(layer.sources, [&](const auto& source) { return source.image == &job; });
        continue;
      }
      give_up(layer);
    }
    std::erase_if(layers_, [](const auto& entry) { return entry.second.sources.empty(); });
  }

  template <class F>
  void guarded(ImageJob& job, F&& f) {
    try {
      f();
    } catch (const base::Error& e) {
      fail_image(job, e.what());
    }
  }

  // ---- from name to manifest ----

  void start_resolving() {
    std::size_t working = static_cast<std::size_t>(
        std::ranges::count_if(images_, [](const auto& job) { return job->resolving != nullptr; }));
    for (auto& job : images_) {
      if (job->over || job->resolving || job->resolved || working == k_most_resolving) continue;
      ++working;
      guarded(*job, [&] {
        const auto& image = *job;
        job->resolving = std::make_unique<Worker>([this, &image](WorkerReport&) {
          Registry registry{settings_, image.reference, RegistryAccess::pull};
          return base::to_wire(resolve_image(registry, image.reference, image.request.platform));
        });
      });
    }
  }

  void hear_resolving() {
    for (auto& job : images_) {
      if (!job->resolving) continue;
      const auto outcome = job->resolving->hear({});
      if (!outcome) continue;
      job->resolving.reset();
      if (outcome->failed) {
        fail_image(*job, outcome->text);
        continue;
      }
      guarded(*job, [&] {
        job->resolved = base::from_wire<ResolvedImage>(outcome->text);
        warn(job->resolved->warnings);
        want_layers(*job);
        commit_when_complete(*job);
      });
    }
  }

  void want_layers(ImageJob& job) {
    const auto& image = *job.resolved;
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
      const auto& diff_id = image.diff_ids[i];
      tell(job, image.layers[i], TransferState::waiting, 0);
      if (store_.layers().find(diff_id)) {
        tell(job, image.layers[i], TransferState::exists, 0);
      } else if (job.missing.insert(diff_id).second) {
        layers_[diff_id].sources.push_back({.image = &job, .descriptor = image.layers[i]});
      }
    }
  }

  // ---- layers ----

  void start_layers() {
    std::size_t downloading = 0;
    std::size_t working = 0;
    for (const auto& [diff_id, layer] : layers_) {
      downloading += layer.download ? 1U : 0U;
      working += layer.started() ? 1U : 0U;
    }
    // In the order of the images' layers, so that one image is complete before all are half there.
    for (const auto& job : images_) {
      if (job->over || !job->resolved) continue;
      for (const auto& diff_id : job->resolved->diff_ids) {
        const auto found = layers_.find(diff_id);
        if (found == layers_.end() || found->second.started()) continue;
        if (downloading == k_most_downloading || working == k_most_layers) return;
        ++downloading;
        ++working;
        if (!start_layer(diff_id, found->second)) return;  // the lists have changed
      }
    }
  }

  bool start_layer(const std::string& diff_id, LayerJob& layer) {
    auto& image = *layer.sources.front().image;
    try {
      start_workers(diff_id, layer);
      return true;
    } catch (const base::Error& e) {
      fail_image(image, layer_error(layer.sources.front().descriptor, e.what()));
      return false;
    }
  }

  void start_workers(const std::string& diff_id, LayerJob& layer) {
    const auto& source = layer.sources.front();
    layer.workspace.emplace(store_.layers().workspace());
    const auto wanted = layer.anew ? 0 : source.descriptor.size;
    if (auto held = store_.layers().partial_blobs().open(source.descriptor.digest, wanted))
      layer.partial.emplace(std::move(*held));
    const auto there = layer.partial ? layer.partial->size() : 0;
    check_room(store_.directory(), source.descriptor.size - there);
    layer.file = layer.partial ? layer.partial->path() : layer.workspace->work() / "blob";
    const auto upper = layer.workspace->upper();
    auto marks = base::sys::make_pipe();
    UniqueFd own;
    if (!layer.partial) own = base::sys::open(layer.file, O_RDWR | O_CREAT | O_EXCL, 0600);
    const int out = layer.partial ? layer.partial->fd() : own.get();
    layer.download = std::make_unique<Worker>([&](WorkerReport& report) {
      marks.read_end = {};
      return base::to_wire(download(layer, out, BlobMarks{std::move(marks.write_end)}, report));
    });
    marks.write_end = {};
    layer.unpack = std::make_unique<Worker>([&](WorkerReport&) {
      return base::to_wire(unpack(layer.file, std::move(marks.read_end), upper, diff_id));
    });
    tell(*source.image, source.descriptor, TransferState::downloading, there);
  }

  Downloaded download(const LayerJob& layer, int file, BlobMarks marks, WorkerReport& report) const {
    const auto& source = layer.sources.front();
    Registry registry{settings_, source.image->reference, RegistryAccess::pull};
    registry.resume(source.image->resolved->session);
    if (layer.after) registry.begin_after(*layer.after);
    Downloaded outcome;
    try {
      registry.download(source.descriptor, file, layer.partial ? layer.partial->size() : 0,
                        [&](std::uint64_t done) {
                          marks.available(done);
                          report.progress(done);
                        });
      marks.complete(source.descriptor.size);
    } catch (const DamagedBlob& e) {
      outcome = {.error = e.what(), .damaged = true};
    } catch (const base::Error& e) {
      outcome = {.error = e.what()};
    }
    outcome.elsewhere = registry.can_ask_elsewhere();
    outcome.source = registry.first_source();
    outcome.warnings = registry.warnings();
    return outcome;
  }

  static UnpackedLayer unpack(const HostPath& file, UniqueFd marks, const HostPath& upper,
                              const std::string& diff_id) {
    GrowingBlob blob{base::sys::open(file, O_RDONLY), std::move(marks)};
    const auto layer = unpack_layer(blob, upper);
    while (!blob.read().empty()) {  // until the download says that it is right
    }
    layer.must_be(diff_id);
    return layer;
  }

  void hear_layers() {
    std::vector<std::string> working;
    for (const auto& [diff_id, layer] : layers_)
      if (layer.started()) working.push_back(diff_id);
    for (const auto& diff_id : working) {
      const auto found = layers_.find(diff_id);  // a failure before may have taken it away
      if (found != layers_.end() && found->second.started()) hear_layer(diff_id, found->second);
    }
  }

  void hear_layer(const std::string& diff_id, LayerJob& layer) {
    const auto source = layer.sources.front();
    if (layer.download) {
      const auto outcome = layer.download->hear([&](std::uint64_t done) {
        layer.done = done;
        tell(*source.image, source.descriptor, TransferState::downloading, done);
      });
      if (outcome) {
        layer.download.reset();
        if (outcome->failed) return fail_image(*source.image, layer_error(source.descriptor, outcome->text));
        const auto downloaded = base::from_wire<Downloaded>(outcome->text);
        warn(downloaded.warnings);
        if (!downloaded.error.empty()) return not_downloaded(layer, downloaded);
        layer.downloaded = true;
        tell(*source.image, source.descriptor, TransferState::unpacking, source.descriptor.size);
      }
    }
    if (layer.unpack) {
      if (auto outcome = layer.unpack->hear({})) {
        layer.unpack.reset();
        layer.unpacked = std::move(outcome);
      }
    }
    // What the download has to say about wrong bytes is better than what unpacking them says.
    if (!layer.unpacked || !layer.downloaded) return;
    if (layer.unpacked->failed) {
      if (layer.partial) layer.partial->discard();
      return fail_image(*source.image, layer_error(source.descriptor, layer.unpacked->text));
    }
    finish_layer(diff_id, layer);
  }

  // Wrong bytes may be those that an earlier download left, or a mirror's: it is asked for again, without
  // them.
  void not_downloaded(LayerJob& layer, const Downloaded& downloaded) {
    const auto source = layer.sources.front();
    const auto error = layer_error(source.descriptor, downloaded.error);
    if (layer.partial && downloaded.damaged) layer.partial->discard();
    if (downloaded.damaged && layer.partial && layer.partial->size() > 0 && !layer.anew) {
      layer.anew = true;
      return begin_again(layer);
    }
    if (downloaded.damaged && downloaded.elsewhere) {
      warn({base::text("mirror of {}: {}", source.image->reference.domain, error)});
      layer.after = downloaded.source;
      layer.anew = true;
      return begin_again(layer);
    }
    fail_image(*source.image, error);
  }

  void warn(const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings)
      if (warned_.insert(warning).second) progress_.warning(warning);
  }

  static std::string layer_error(const Descriptor& descriptor, const std::string& cause) {
    return base::text("layer {}: {}", descriptor.digest, cause);
  }

  void finish_layer(const std::string& diff_id, LayerJob& layer) {
    const auto sources = layer.sources;
    const auto& descriptor = sources.front().descriptor;
    try {
      const auto unpacked = base::from_wire<UnpackedLayer>(layer.unpacked->text);
      base::fault_point("images.pull.unpacked");
      store_.layers().adopt_blob(layer.file, descriptor.digest);
      store_.layers().adopt(layer.workspace->upper(), {.diff_id = diff_id,
                                                       .size = unpacked.size,
                                                       .tar_size = unpacked.tar_size,
                                                       .blob = descriptor.digest,
                                                       .blob_size = descriptor.size});
    } catch (const base::Error& e) {
      return fail_image(*sources.front().image, layer_error(descriptor, e.what()));
    }
    layers_.erase(diff_id);
    for (const auto& source : sources) {
      tell(*source.image, source.descriptor, TransferState::pulled, source.descriptor.size);
      source.image->missing.erase(diff_id);
      guarded(*source.image, [&] { commit_when_complete(*source.image); });
    }
  }

  // The image that was asked first has failed; whoever else wants the layer is asked next.
  static void give_up(LayerJob& layer) {
    begin_again(layer);
    layer.after.reset();
    layer.sources.erase(layer.sources.begin());
  }

  static void begin_again(LayerJob& layer) {
    layer.download.reset();
    layer.unpack.reset();
    layer.partial.reset();
    layer.workspace.reset();
    layer.unpacked.reset();
    layer.downloaded = false;
  }

  // ---- the end ----

  void commit_when_complete(ImageJob& job) {
    if (job.over || !job.missing.empty()) return;
    const auto& image = *job.resolved;
    const auto& reference = job.reference;
    const auto before = store_.resolve(job.request.reference);
    std::vector<Reference> names;
    if (reference.digest.empty()) names.push_back(reference);
    PullRecords records{store_.database()};
    const auto repository = reference.domain + "/" + reference.path;
    store_.database().transaction([&] {
      job.outcome.id = store_.commit(image.config, names);
      records.put_manifest(job.outcome.id, {image.manifest_digest, image.manifest_type, image.manifest});
      for (const auto& digest : {image.digest, image.manifest_digest})
        records.put_digest(repository, digest, job.outcome.id);
      for (const auto& name : names)
        records.put_pulled_at(name, base::format_time(base::SystemClock{}.wall()));
    });
    base::fault_point("images.pull.done");
    job.outcome.changed = !before || before->id != job.outcome.id;
    job.over = true;
  }

  void tell(const ImageJob& job, const Descriptor& descriptor, TransferState state, std::uint64_t done) {
    progress_.layer({.image = job.request.reference,
                     .layer = short_digest(descriptor.digest),
                     .state = state,
                     .done = done,
                     .total = descriptor.size});
  }

  void wait() {
    std::vector<int> fds;
    for (const auto& job : images_)
      if (job->resolving) fds.push_back(job->resolving->fd());
    for (const auto& [diff_id, layer] : layers_) {
      if (layer.download) fds.push_back(layer.download->fd());
      if (layer.unpack) fds.push_back(layer.unpack->fd());
    }
    if (!fds.empty()) wait_for_any(fds, k_pull_tick);
  }

  Store& store_;
  const RegistrySettings& settings_;
  TransferProgress& progress_;
  WriterLease lease_;
  std::vector<std::unique_ptr<ImageJob>> images_;
  std::map<std::string, LayerJob> layers_;  // by diff id
  std::set<std::string> warned_;
};

}  // namespace

std::vector<PullOutcome> pull_images(Store& store, const RegistrySettings& settings,
                                     const std::vector<PullRequest>& requests, TransferProgress& progress) {
  return Puller{store, settings, progress}.run(requests);
}

void pull_image(Store& store, const RegistrySettings& settings, const PullRequest& request,
                TransferProgress& progress) {
  const auto outcome = pull_images(store, settings, {request}, progress).front();
  if (!outcome.error.empty()) fail("{}", outcome.error);
}

std::string registry_digest(const RegistrySettings& settings, const std::string& reference) {
  return base::with_context(base::text("ask for the digest of '{}'", reference), [&] {
    const auto parsed = parse_reference(reference);
    if (!parsed.digest.empty()) return parsed.digest;
    Registry registry{settings, parsed, RegistryAccess::pull};
    if (const auto digest = registry.manifest_digest(parsed.tag)) return *digest;
    return registry.manifest(parsed.tag).digest;
  });
}

}  // namespace compose::images
