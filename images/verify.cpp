#include "images/verify.hpp"

#include <fcntl.h>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_source.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"
#include "images/layer_store.hpp"

namespace compose::images {
namespace {

using base::HostPath;

class Verifier {
 public:
  Verifier(Store& store, bool repair)
      : store_(store), layers_(store.layers()), repair_(repair), lease_(layers_.lease()) {}

  VerifyReport run() {
    std::vector<std::string> diff_ids;
    store_.database().each("SELECT diff_id FROM layers WHERE boot <> 'damaged' ORDER BY diff_id", {},
                           [&](const base::SqlRow& row) { diff_ids.push_back(row.text(0)); });
    for (const auto& diff_id : diff_ids) layer(*layers_.find(diff_id));
    images();
    const auto partial = layers_.partial_blobs().usage();
    report_.partial_blobs = partial.count;
    report_.partial_bytes = partial.bytes;
    return std::move(report_);
  }

 private:
  void found(const std::string& object, const std::string& what, bool repaired) {
    report_.findings.push_back({.object = object, .what = what, .repaired = repaired});
  }

  void layer(const Layer& layer) {
    ++report_.layers;
    const auto name = "layer " + layer.diff_id;
    if (const auto cause = blob_damage(layer); !cause.empty()) return mend_blob(name, layer, cause);
    std::string cause;
    try {
      if (is_right(layer)) return;
      cause = "its files are not what they were";
    } catch (const base::Error& e) {
      cause = e.what();
    }
    if (!repair_) return found(name, cause, false);
    layers_.mark_damaged(layer.diff_id);
    if (!fresh_) return lost(name, cause);
    layers_.adopt(fresh_->upper(), layer);
    fresh_.reset();
    found(name, cause, true);
  }

  void lost(const std::string& name, const std::string& cause) {
    found(name, cause + "; it cannot be mended: pull, build or load its image again", false);
  }

  // Without its archive a layer is as good as before where its directory packs to the same bytes.
  void mend_blob(const std::string& name, const Layer& layer, const std::string& cause) {
    if (!repair_) return found(name, cause, false);
    base::sys::remove_file_if_present(layers_.blob_path(layer.blob));
    const auto directory = layers_.directory_of(layer.diff_id);
    if (base::sys::exists(directory) && pack_directory(directory, PackForm::layer).digest == layer.diff_id) {
      layers_.forget_blob(layer.diff_id);
      return found(name, cause, true);
    }
    layers_.mark_damaged(layer.diff_id);
    lost(name, cause);
  }

  // Leaves the layer as it should be in `fresh_` where there is an archive to take it from.
  bool is_right(const Layer& layer) {
    fresh_.reset();
    const auto directory = layers_.directory_of(layer.diff_id);
    if (layer.blob.empty()) {
      if (!base::sys::exists(directory)) base::fail("its directory is missing");
      return pack_directory(directory, PackForm::layer).digest == layer.diff_id;
    }
    Workspace fresh = layers_.workspace();
    unpack(layer, fresh);
    const auto wanted = pack_directory(fresh.upper(), PackForm::layer).digest;
    fresh_.emplace(std::move(fresh));
    if (!base::sys::exists(directory)) base::fail("its directory is missing");
    if (pack_directory(directory, PackForm::layer).digest != wanted) return false;
    fresh_.reset();
    return true;
  }

  // "": it is right, or there is none.
  std::string blob_damage(const Layer& layer) {
    if (layer.blob.empty() || !checked_.insert(layer.blob).second) return "";
    ++report_.blobs;
    const auto fd = base::sys::open_if_exists(layers_.blob_path(layer.blob), O_RDONLY);
    if (!fd) return "its archive is missing";
    FdSource bytes{fd->get()};
    DigestSink sink;
    for (auto block = bytes.read(); !block.empty(); block = bytes.read()) sink.write(block);
    const auto digest = sink.digest();
    return digest == layer.blob
               ? ""
               : base::text("its archive has the digest {} and should have {}", digest, layer.blob);
  }

  void unpack(const Layer& layer, const Workspace& into) const {
    const auto blob = base::sys::open(layers_.blob_path(layer.blob), O_RDONLY);
    FdSource bytes{blob.get()};
    DecompressingSource plain{bytes};
    DigestSink digest;
    TeeSource both{plain, digest};
    (void)unpack_tar(both, base::sys::open(into.upper(), O_RDONLY | O_DIRECTORY).get(), {});
    if (const auto is = digest.digest(); is != layer.diff_id) base::fail("its archive unpacks to {}", is);
  }

  void images() {
    store_.database().each("SELECT id, document FROM images ORDER BY id", {}, [&](const base::SqlRow& row) {
      ++report_.images;
      const auto id = row.text(0);
      const auto document = row.text(1);
      if ("sha256:" + base::sha256_hex(document) != id)
        found("image " + id, "its config has another digest", false);
      for (const auto& diff_id : parse_image_document(document).diff_ids)
        if (!layers_.find(diff_id)) found("image " + id, base::text("layer {} is missing", diff_id), false);
    });
  }

  Store& store_;
  LayerStore& layers_;
  bool repair_;
  WriterLease lease_;
  VerifyReport report_;
  std::optional<Workspace> fresh_;
  std::set<std::string> checked_;
};

}  // namespace

VerifyReport verify_store(Store& store, bool repair) {
  return Verifier{store, repair}.run();
}

}  // namespace compose::images
