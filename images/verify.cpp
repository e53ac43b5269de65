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
    return std::move(report_);
  }

 private:
  void found(const std::string& object, const std::string& what, bool repaired) {
    report_.findings.push_back({.object = object, .what = what, .repaired = repaired});
  }

  void layer(const Layer& layer) {
    ++report_.layers;
    const auto name = "layer " + layer.diff_id;
    std::string cause;
    try {
      if (is_right(layer)) return;
      cause = "its files are not what they were";
    } catch (const base::Error& e) {
      cause = e.what();
    }
    if (!repair_) return found(name, cause, false);
    layers_.mark_damaged(layer.diff_id);
    if (fresh_) {
      layers_.adopt(fresh_->upper(), layer);
      fresh_.reset();
      return found(name, cause, true);
    }
    found(name, cause + "; it cannot be mended: pull, build or load its image again", false);
  }

  // Leaves the layer as it should be in `fresh_` where there is an archive to take it from.
  bool is_right(const Layer& layer) {
    fresh_.reset();
    const auto directory = layers_.directory_of(layer.diff_id);
    if (layer.blob.empty()) return pack_directory(directory, PackForm::layer).digest == layer.diff_id;
    check_blob(layer.blob);
    Workspace fresh = layers_.workspace();
    unpack(layer, fresh);
    const auto wanted = pack_directory(fresh.upper(), PackForm::layer).digest;
    fresh_.emplace(std::move(fresh));
    if (!base::sys::exists(directory)) base::fail("its directory is missing");
    if (pack_directory(directory, PackForm::layer).digest != wanted) return false;
    fresh_.reset();
    return true;
  }

  void check_blob(const std::string& digest) {
    if (checked_.contains(digest)) return;
    ++report_.blobs;
    const auto fd = base::sys::open(layers_.blob_path(digest), O_RDONLY);
    FdSource bytes{fd.get()};
    DigestSink sink;
    for (auto block = bytes.read(); !block.empty(); block = bytes.read()) sink.write(block);
    if (const auto is = sink.digest(); is != digest)
      base::fail("its archive has the digest {} and should have {}", is, digest);
    checked_.insert(digest);
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
