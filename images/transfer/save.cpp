// Images out of the store, as one archive that Docker reads by manifest.json and OCI tools by index.json.
#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_source.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/tar_writer.hpp"
#include "images/layer_store.hpp"
#include "images/transfer.hpp"
#include "images/transfer/manifest.hpp"
#include "images/transfer/manifest_writing.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::Json;

// How a layer goes into the archive.
struct SavedLayer {
  std::string digest;
  std::uint64_t size = 0;
  std::string media_type = k_oci_layer;
  bool from_blob = false;
};

// Hands data on to the entry that is being written.
class EntrySink final : public ByteSink {
 public:
  explicit EntrySink(TarWriter& tar) noexcept : tar_(tar) {}
  void write(std::string_view bytes) override { tar_.data(bytes); }

 private:
  TarWriter& tar_;
};

class Saver {
 public:
  Saver(Store& store, int output) : store_(store), sink_(output), tar_(sink_) {}

  void run(const std::vector<std::string>& references) {
    for (const auto& directory : {"blobs", "blobs/sha256"})
      tar_.header({.path = directory, .type = TarType::directory, .mode = 0755});
    for (const auto& reference : references)
      base::with_context(base::text("save '{}'", reference), [&] { image(reference); });
    file("index.json", Json{{"schemaVersion", 2}, {"mediaType", k_oci_index}, {"manifests", index_}}.dump());
    file("manifest.json", docker_.dump());
    file("oci-layout", Json{{"imageLayoutVersion", "1.0.0"}}.dump());
    tar_.finish();
  }

 private:
  void image(const std::string& reference) {
    const auto image = store_.require(reference);
    const auto config = store_.config_json(image.id);
    const auto document = parse_image_document(config);
    Json layers = Json::array();
    Json layer_names = Json::array();
    for (const auto& diff_id : document.diff_ids) {
      const auto saved = layer(diff_id);
      layers.push_back(descriptor_json(saved.media_type, saved.digest, saved.size));
      layer_names.push_back(blob_name(saved.digest));
    }
    blob(image.id, config);
    const auto manifest = manifest_text(descriptor_json(k_oci_config, image.id, config.size()), layers);
    const auto manifest_digest = "sha256:" + base::sha256_hex(manifest);
    blob(manifest_digest, manifest);
    // Asked for by id, it has no name in the archive.
    const bool by_name =
        std::ranges::any_of(image.references, [&](const auto& r) { return image_matches(r, reference); });
    const auto name = by_name ? parse_reference(reference).full() : std::string{};
    Json entry = descriptor_json(k_oci_manifest, manifest_digest, manifest.size());
    entry["platform"] = Json{{"architecture", image.architecture}, {"os", image.os}};
    Json tags = Json::array();
    if (!name.empty()) {
      entry["annotations"] = Json{{"io.containerd.image.name", name},
                                  {"org.opencontainers.image.ref.name", parse_reference(name).tag}};
      tags.push_back(parse_reference(name).familiar());
    }
    index_.push_back(std::move(entry));
    docker_.push_back(Json{{"Config", blob_name(image.id)}, {"RepoTags", tags}, {"Layers", layer_names}});
  }

  void file(const std::string& name, const std::string& content) {
    tar_.header({.path = name, .size = content.size()});
    tar_.data(content);
  }

  void blob(const std::string& digest, const std::string& content) {
    if (written_.insert(digest).second) file(blob_name(digest), content);
  }

  SavedLayer layer(const std::string& diff_id) {
    const auto layer = store_.layers().find(diff_id);
    if (!layer) fail("layer {} is not in the store", diff_id);
    SavedLayer saved{.digest = diff_id, .size = layer->tar_size};
    if (!layer->blob.empty()) choose_blob(*layer, saved);
    if (!written_.insert(saved.digest).second) return saved;
    tar_.header({.path = blob_name(saved.digest), .size = saved.size});
    EntrySink entry{tar_};
    DigestSink check{&entry};
    if (saved.from_blob || !layer->blob.empty()) {
      copy_blob(*layer, saved, check);
    } else {
      (void)pack_directory(store_.layers().directory_of(diff_id), PackForm::layer, &check);
    }
    if (check.digest() != saved.digest) fail("layer {} in the store is damaged", diff_id);
    return saved;
  }

  // A layer is given out as it came, when OCI has a word for how it is compressed.
  void choose_blob(const Layer& layer, SavedLayer& saved) const {
    const auto type = layer_media_type(store_.layers().blob_path(layer.blob));
    if (type.empty() && layer.blob != layer.diff_id) return;
    saved.from_blob = true;
    saved.digest = layer.blob;
    saved.size = layer.blob_size;
    if (!type.empty()) saved.media_type = type;
  }

  void copy_blob(const Layer& layer, const SavedLayer& saved, ByteSink& into) const {
    const auto fd = base::sys::open(store_.layers().blob_path(layer.blob), O_RDONLY);
    FdSource file{fd.get()};
    std::optional<DecompressingSource> plain;
    if (!saved.from_blob) plain.emplace(file);
    ByteSource& source = plain ? static_cast<ByteSource&>(*plain) : file;
    for (auto bytes = source.read(); !bytes.empty(); bytes = source.read()) into.write(bytes);
  }

  Store& store_;
  FdSink sink_;
  TarWriter tar_;
  std::set<std::string> written_;
  Json index_ = Json::array();
  Json docker_ = Json::array();
};

}  // namespace

void save_archive(Store& store, const std::vector<std::string>& references, int output) {
  for (const auto& reference : references) (void)store.require(reference);  // before a byte is written
  Saver{store, output}.run(references);
}

}  // namespace compose::images
