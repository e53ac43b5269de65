#include "images/build/remote_cache.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <optional>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "images/archive/gzip_sink.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"
#include "images/layer_store.hpp"
#include "images/registry/answers.hpp"
#include "images/registry/registry.hpp"
#include "images/transfer/manifest_writing.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::Json;

constexpr const char* k_cache_config = "application/vnd.compose.build-cache.v1+json";
constexpr std::size_t k_max_document = 4U << 20U;
constexpr std::size_t k_max_steps = 10'000;
constexpr std::size_t k_max_bases = 100;

// Where documents and blobs are: a directory or a repository.
class CachePlace {
 public:
  virtual ~CachePlace() = default;
  virtual std::string manifest() = 0;
  virtual std::string document(const Descriptor& descriptor) = 0;
  virtual void download(const Descriptor& descriptor, int file) = 0;
  virtual bool has(const std::string& digest) = 0;
  virtual void upload(const std::string& digest, std::uint64_t size, const HostPath& file) = 0;
  virtual void put_manifest(const std::string& document) = 0;
};

class DirectoryPlace final : public CachePlace {
 public:
  explicit DirectoryPlace(HostPath directory) : directory_(std::move(directory)) {}

  std::string manifest() override {
    const auto index = parse_oci_index(base::read_file(directory_ / "index.json", k_max_document));
    if (index.manifests.size() != 1) fail("its index must have one entry");
    return document(index.manifests.front());
  }
  std::string document(const Descriptor& descriptor) override {
    auto text = base::read_file(blob(descriptor.digest), k_max_document);
    if ("sha256:" + base::sha256_hex(text) != descriptor.digest)
      fail("blob {} has another digest", descriptor.digest);
    return text;
  }
  void download(const Descriptor& descriptor, int file) override {
    const auto fd = base::sys::open(blob(descriptor.digest), O_RDONLY);
    FdSource source{fd.get()};
    FdSink out{file};
    DigestSink sink{&out};
    for (auto bytes = source.read(); !bytes.empty(); bytes = source.read()) sink.write(bytes);
    if (sink.digest() != descriptor.digest) fail("blob {} has another digest", descriptor.digest);
  }
  bool has(const std::string& digest) override { return base::sys::exists(blob(digest)); }
  void upload(const std::string& digest, std::uint64_t, const HostPath& file) override {
    base::sys::make_directories(directory_ / "blobs/sha256");
    const HostPath aside{blob(digest).str() + ".part"};
    const auto in = base::sys::open(file, O_RDONLY);
    const auto out = base::sys::open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    FdSource source{in.get()};
    for (auto bytes = source.read(); !bytes.empty(); bytes = source.read())
      base::sys::write_all(out.get(), bytes);
    base::sys::rename(aside, blob(digest));
  }
  void put_manifest(const std::string& document) override {
    const auto digest = "sha256:" + base::sha256_hex(document);
    base::write_file_atomically(blob(digest), document);
    base::write_file_atomically(directory_ / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    base::write_file_atomically(
        directory_ / "index.json",
        Json{{"schemaVersion", 2},
             {"manifests", Json::array({descriptor_json(k_oci_manifest, digest, document.size())})}}
            .dump());
  }

 private:
  [[nodiscard]] HostPath blob(const std::string& digest) const {
    return directory_ / "blobs/sha256" / digest.substr(7);
  }
  HostPath directory_;
};

class RegistryPlace final : public CachePlace {
 public:
  RegistryPlace(const std::string& reference, RegistryAccess access)
      : settings_(load_registry_settings()),
        reference_(parse_reference(reference)),
        registry_(settings_, reference_, access) {}

  std::string manifest() override {
    return registry_.manifest(reference_.digest.empty() ? reference_.tag : reference_.digest).document;
  }
  std::string document(const Descriptor& descriptor) override { return registry_.document(descriptor); }
  void download(const Descriptor& descriptor, int file) override {
    registry_.download(descriptor, file, 0, [](std::uint64_t) {});
  }
  bool has(const std::string& digest) override { return registry_.has_blob(digest); }
  void upload(const std::string& digest, std::uint64_t size, const HostPath& file) override {
    const auto text_of = [&file]() -> std::unique_ptr<ByteSource> {
      class Opened final : public ByteSource {
       public:
        explicit Opened(const HostPath& path) : fd_(base::sys::open(path, O_RDONLY)), source_(fd_.get()) {}
        std::string_view read() override { return source_.read(); }

       private:
        base::UniqueFd fd_;
        FdSource source_;
      };
      return std::make_unique<Opened>(file);
    };
    registry_.upload(digest, {.size = size, .open = text_of});
  }
  void put_manifest(const std::string& document) override {
    registry_.put_manifest(reference_.tag, k_oci_manifest, document);
  }

 private:
  RegistrySettings settings_;
  Reference reference_;
  Registry registry_;
};

std::unique_ptr<CachePlace> open_place(const CacheLocation& location, RegistryAccess access) {
  if (location.local) return std::make_unique<DirectoryPlace>(HostPath{location.place});
  return std::make_unique<RegistryPlace>(location.place, access);
}

Json array_of(const Json& object, const char* name, std::size_t most) {
  const auto found = object.find(name);
  if (found == object.end()) return Json::array();
  if (!found->is_array()) fail("{}: must be an array", name);
  if (found->size() > most) fail("{}: more than {} entries", name, most);
  return *found;
}

std::map<std::string, CachedStep> read_steps(const Json& config) {
  std::map<std::string, CachedStep> steps;
  for (const auto& step : array_of(config, "steps", k_max_steps)) {
    if (!step.is_object()) fail("steps: each must be an object");
    CachedStep known;
    std::string key;
    base::from_json(step.value("key", Json{}), key, "key");
    base::from_json(step.value("diff_id", Json{}), known.diff_id, "diff_id");
    base::from_json(step.value("created", Json{}), known.created, "created");
    if (!known.diff_id.empty() && !is_digest(known.diff_id))
      fail("the diff id '{}' is not a digest", known.diff_id);
    steps[key] = known;
  }
  return steps;
}

std::map<std::string, CacheBase> read_bases(const Json& config) {
  std::map<std::string, CacheBase> bases;
  for (const auto& entry : array_of(config, "bases", k_max_bases)) {
    if (!entry.is_object()) fail("bases: each must be an object");
    CacheBase base;
    base::from_json(entry.value("reference", Json{}), base.reference, "reference");
    base::from_json(entry.value("config", Json{}), base.config, "config");
    base.diff_ids = parse_image_document(base.config).diff_ids;
    bases[base.reference] = std::move(base);
  }
  return bases;
}

}  // namespace

std::optional<CacheLocation> parse_cache_location(std::string_view text) {
  if (text.find('=') == std::string_view::npos) return CacheLocation{.place = std::string{text}};
  std::map<std::string, std::string> fields;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto field = text.substr(at, comma - at);
    const auto equals = std::min(field.find('='), field.size());
    fields[std::string{field.substr(0, equals)}] = field.substr(std::min(equals + 1, field.size()));
    at = comma + 1;
  }
  if (fields["type"] == "registry") {
    if (fields["ref"].empty()) fail("'{}': type=registry needs ref=", text);
    return CacheLocation{.place = fields["ref"]};
  }
  if (fields["type"] != "local") return std::nullopt;
  const auto& place = fields["src"].empty() ? fields["dest"] : fields["src"];
  if (place.empty()) fail("'{}': type=local needs src= or dest=", text);
  return CacheLocation{.local = true, .place = place};
}

// ---- reading ----

struct CacheImport::Parts {
  Store& store;
  std::unique_ptr<CachePlace> place;
  std::map<std::string, CachedStep> steps;        // by key
  std::map<std::string, CacheBase> bases = {};    // by reference
  std::map<std::string, Descriptor> layers = {};  // by diff id

  void fetch(const std::string& diff_id) {
    const auto found = layers.find(diff_id);
    if (found == layers.end()) fail("layer {} is not in it", diff_id);
    const auto& descriptor = found->second;
    const auto workspace = store.layers().workspace();
    const auto file = workspace.work() / "blob";
    place->download(descriptor, base::sys::open(file, O_WRONLY | O_CREAT | O_EXCL, 0600).get());
    const auto fd = base::sys::open(file, O_RDONLY);
    FdSource bytes{fd.get()};
    DecompressingSource plain{bytes};
    DigestSink digest;
    TeeSource both{plain, digest};
    const auto unpacked =
        unpack_tar(both, base::sys::open(workspace.upper(), O_RDONLY | O_DIRECTORY).get(), {});
    const auto size = digest.size();
    if (digest.digest() != diff_id) fail("layer {}: its content has another diff id", diff_id);
    store.layers().adopt_blob(file, descriptor.digest);
    store.layers().adopt(workspace.upper(), {.diff_id = diff_id,
                                             .size = unpacked.file_size,
                                             .tar_size = size,
                                             .blob = descriptor.digest,
                                             .blob_size = descriptor.size});
  }
};

CacheImport::CacheImport(Store& store, const CacheLocation& location)
    : parts_(new Parts{.store = store, .place = open_place(location, RegistryAccess::pull), .steps = {}}) {
  const auto manifest = parse_oci_manifest(parts_->place->manifest());
  if (manifest.config.media_type != k_cache_config)
    fail("it is not a build cache, but '{}'", manifest.config.media_type);
  const auto config = base::parse_json(parts_->place->document(manifest.config), "build cache");
  if (!config.is_object()) fail("build cache: must be an object");
  std::vector<std::string> diff_ids;
  base::from_json(array_of(config, "diff_ids", manifest.layers.size()), diff_ids, "diff_ids");
  if (!std::ranges::all_of(diff_ids, is_digest)) fail("a diff id in it is not a digest");
  if (diff_ids.size() != manifest.layers.size())
    fail("it has {} layers and names {}", manifest.layers.size(), diff_ids.size());
  for (std::size_t i = 0; i < diff_ids.size(); ++i) parts_->layers[diff_ids[i]] = manifest.layers[i];
  parts_->steps = read_steps(config);
  parts_->bases = read_bases(config);
}

CacheImport::~CacheImport() = default;

std::optional<CachedStep> CacheImport::find(const std::string& key) {
  const auto found = parts_->steps.find(key);
  if (found == parts_->steps.end()) return std::nullopt;
  const auto& diff_id = found->second.diff_id;
  if (!diff_id.empty() && !parts_->store.layers().find(diff_id)) parts_->fetch(diff_id);
  return found->second;
}

std::optional<std::string> CacheImport::provide_base(const std::string& reference) {
  const auto found = parts_->bases.find(reference);
  if (found == parts_->bases.end()) return std::nullopt;
  for (const auto& diff_id : found->second.diff_ids)
    if (!parts_->store.layers().find(diff_id)) parts_->fetch(diff_id);
  return parts_->store.commit(found->second.config, {});
}

// ---- writing ----

namespace {

// What is written, once each.
class Export {
 public:
  Export(Store& store, const CacheLocation& location)
      : store_(store),
        place_(open_place(location, RegistryAccess::push)),
        workspace_(store.layers().workspace()) {}

  // False: others packed it, the archive is gone, and its bytes are not ours to make.
  bool add_layer(const std::string& diff_id) {
    const auto [known, is_new] = is_in_.try_emplace(diff_id, false);
    if (!is_new) return known->second;
    auto descriptor = kept_archive(diff_id);
    if (!descriptor) descriptor = packed_anew(diff_id);
    if (!descriptor) return false;
    layers_.push_back(*descriptor);
    diff_ids_.push_back(diff_id);
    return known->second = true;
  }

  void add_step(const CacheEntry& entry) {
    const auto& diff_id = entry.step.diff_id;
    if (!diff_id.empty() && !add_layer(diff_id)) return;
    steps_.push_back(
        {{"key", entry.key}, {"diff_id", diff_id}, {"created", entry.step.created}, {"title", entry.title}});
  }

  void add_base(const CacheBase& base) {
    for (const auto& diff_id : base.diff_ids)
      if (!add_layer(diff_id)) return;
    bases_.push_back({{"reference", base.reference}, {"config", base.config}});
  }

  void finish() {
    const auto config = Json{{"diff_ids", diff_ids_}, {"steps", steps_}, {"bases", bases_}}.dump();
    const auto digest = "sha256:" + base::sha256_hex(config);
    const auto file = workspace_.work() / "config";
    base::write_file_atomically(file, config);
    if (!place_->has(digest)) place_->upload(digest, config.size(), file);
    place_->put_manifest(manifest_text(descriptor_json(k_cache_config, digest, config.size()), layers_));
  }

 private:
  std::optional<Json> kept_archive(const std::string& diff_id) {
    const auto layer = store_.layers().find(diff_id);
    if (!layer || layer->blob.empty()) return std::nullopt;
    const auto file = store_.layers().blob_path(layer->blob);
    if (!base::sys::exists(file)) return std::nullopt;
    const auto type = layer->blob == diff_id ? std::string{k_oci_layer} : layer_media_type(file);
    if (type.empty()) return std::nullopt;  // OCI has no word for how it is compressed
    if (!place_->has(layer->blob)) place_->upload(layer->blob, layer->blob_size, file);
    return descriptor_json(type, layer->blob, layer->blob_size);
  }

  std::optional<Json> packed_anew(const std::string& diff_id) {
    const auto file = workspace_.work() / diff_id.substr(7);
    const auto fd = base::sys::open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    FdSink out{fd.get()};
    DigestSink digest{&out};
    GzipSink gzip{digest};
    const auto packed = pack_directory(store_.layers().directory_of(diff_id), PackForm::layer, &gzip);
    if (packed.digest != diff_id) return std::nullopt;
    gzip.finish();
    const auto size = digest.size();
    const auto name = digest.digest();
    if (!place_->has(name)) place_->upload(name, size, file);
    base::sys::remove_file_if_present(file);
    return descriptor_json(k_oci_layer_gzip, name, size);
  }

  Store& store_;
  std::unique_ptr<CachePlace> place_;
  Workspace workspace_;
  Json steps_ = Json::array();
  Json bases_ = Json::array();
  Json layers_ = Json::array();
  Json diff_ids_ = Json::array();
  std::map<std::string, bool> is_in_;  // by diff id
};

}  // namespace

void export_cache(Store& store, const CacheLocation& location, const CacheContent& content) {
  Export cache{store, location};
  for (const auto& entry : content.steps) cache.add_step(entry);
  for (const auto& base : content.bases) cache.add_base(base);
  cache.finish();
}

}  // namespace compose::images
