#include "images/transfer.hpp"

#include <array>
#include <fcntl.h>
#include <sys/inotify.h>

#include <doctest/doctest.h>

#include "base/digest.hpp"
#include "base/sys_at.hpp"
#include "base/worker.hpp"
#include "image_world.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/tar_writer.hpp"
#include "images/archive/unpack.hpp"
#include "images/transfer/staged_content.hpp"

using namespace compose;
using test::ImageWorld;

namespace {

// An image of two layers: the second removes a file and replaces a directory.
void build_two_layers(ImageWorld& w) {
  w.write("kept", "kept");
  w.write("gone", "gone");
  w.write("dir/old", "old");
  w.runner.function = [](const images::StepSpec& spec, const images::StepOutput&) {
    const auto upper = base::sys::open(spec.upper, O_RDONLY | O_DIRECTORY);
    base::sys::make_node_at(upper.get(), "gone", S_IFCHR, 0);
    base::sys::make_directory_at(upper.get(), "dir", 0750);
    const auto dir = base::sys::open_at(upper.get(), "dir", O_RDONLY | O_DIRECTORY);
    base::sys::set_extended_attribute(dir.get(), "trusted.overlay.opaque", "y");
    base::write_file_atomically(spec.upper / "dir/new", "new");
    ::link((spec.upper / "dir/new").c_str(), (spec.upper / "hard").c_str());
    return base::ExitStatus{};
  };
  w.build("FROM scratch\nCOPY . /\nRUN rm\nENV A=1\n");
}

void check_two_layers(const ImageWorld& w) {
  CHECK(w.content("/kept") == "kept");
  CHECK(w.content("/gone") == "-");
  CHECK(w.content("/dir/old") == "-");
  CHECK(w.content("/dir/new") == "new");
  CHECK(w.content("/hard") == "new");
  CHECK(w.facts("/dir") == "0750 0:0");
}

base::HostPath save(ImageWorld& w, const std::string& name = "saved.tar") {
  auto path = w.directory.path() / name;
  const auto out = base::sys::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  images::save_archive(w.store, {"test"}, out.get());
  return path;
}

std::vector<images::LoadedImage> load(ImageWorld& w, const base::HostPath& file) {
  return images::load_archive(w.store, base::sys::open(file, O_RDONLY).get(), file.name());
}

std::string load_error(const std::function<void(images::TarWriter&)>& write) {
  ImageWorld w;
  const auto path = w.directory.path() / "bad.tar";
  {
    const auto out = base::sys::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    images::FdSink sink{out.get()};
    images::TarWriter tar{sink};
    write(tar);
    tar.finish();
  }
  std::string message = "no error";
  try {
    load(w, path);
  } catch (const base::Error& e) {
    message = e.what();
  }
  CHECK(base::list_directory(w.directory.path() / "images/tmp").empty());
  CHECK(base::list_directory(w.directory.path() / "images/layers").empty());
  CHECK(base::list_directory(w.directory.path() / "images/blobs/sha256").empty());
  return message;
}

void put(images::TarWriter& tar, const std::string& name, const std::string& content) {
  tar.header({.path = name, .size = content.size()});
  tar.data(content);
}

class LayerBytes final : public images::ByteSink {
 public:
  std::string bytes;
  void write(std::string_view part) override { bytes += part; }
};

// The archive of an image with a layer for each content: a file whose name is its number. `wrong`: the layer
// that is another one than the config says.
void put_layers(images::TarWriter& tar, const std::vector<std::string>& contents, std::size_t wrong) {
  std::string names;
  std::string ids;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    LayerBytes bytes;
    images::TarWriter layer{bytes};
    put(layer, std::to_string(i), contents[i]);
    layer.finish();
    const auto name = "l" + std::to_string(i);
    put(tar, name, bytes.bytes);
    const auto id = base::sha256_hex(i == wrong ? "another" : bytes.bytes);
    names += (i == 0 ? "\"" : ",\"") + name + "\"";
    ids += (i == 0 ? "\"sha256:" : ",\"sha256:") + id + "\"";
  }
  put(tar, "manifest.json", R"([{"Config":"c","RepoTags":["test:latest"],"Layers":[)" + names + "]}]");
  put(tar, "c",
      R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}");
}

}  // namespace

TEST_SUITE("images/transfer") {
  TEST_CASE("layers that are unpacked side by side keep their order, and one bad one spoils all") {
    const std::vector<std::string> contents{"a", std::string(1U << 20U, 'b'), "c", "d", "e", "f", "g"};
    const auto load_layers = [&](ImageWorld& w, std::size_t wrong) {
      const auto file = w.directory.path() / "image.tar";
      const auto out = base::sys::open(file, O_WRONLY | O_CREAT, 0600);
      images::FdSink sink{out.get()};
      images::TarWriter tar{sink};
      put_layers(tar, contents, wrong);
      tar.finish();
      load(w, file);
    };
    ImageWorld w;
    load_layers(w, contents.size());
    const auto layers = w.store.require("test").layers;  // top first
    REQUIRE(layers.size() == contents.size());
    for (std::size_t i = 0; i < contents.size(); ++i)
      CHECK(base::read_file(layers[contents.size() - 1 - i] / std::to_string(i), 2U << 20U) == contents[i]);
    ImageWorld other;
    CHECK_THROWS_WITH_AS(load_layers(other, 4), doctest::Contains(": its content has the diff id sha256:"),
                         base::Error);
    CHECK(other.store.list().empty());
    other.store.layers().collect();
    CHECK(base::list_directory(other.directory.path() / "images/layers").empty());
    CHECK(base::list_directory(other.directory.path() / "images/tmp").empty());
  }

  TEST_CASE("a layer of a directory that changes while it is loaded is refused") {
    ImageWorld w;
    const auto layout = w.directory.path() / "layout";
    base::sys::make_directory(layout);
    LayerBytes archive;
    images::TarWriter tar{archive};
    put_layers(tar, {"true", std::string(32U << 20U, 'b')}, 2);
    tar.finish();
    images::MemorySource source{archive.bytes};
    (void)images::unpack_tar(source, base::sys::open(layout, O_RDONLY | O_DIRECTORY).get(), {});
    LayerBytes other;
    images::TarWriter layer{other};
    put(layer, "0", "fake");
    layer.finish();
    base::write_file_atomically(layout / "other", other.bytes);
    // Its digest is known when the next, a large one, is opened.
    const base::UniqueFd events{base::check(::inotify_init1(IN_CLOEXEC), "watch")};
    base::check(::inotify_add_watch(events.get(), (layout / "l1").c_str(), IN_OPEN), "watch");
    const base::Worker swapper{[&](base::WorkerReport&) {
      std::array<char, 4096> event{};
      (void)base::sys::read_some(events.get(), event);
      base::sys::rename(layout / "other", layout / "l0");
      return std::string{};
    }};
    CHECK_THROWS_WITH_AS(images::load_directory(w.store, layout),
                         doctest::Contains(": its content has the diff id sha256:"), base::Error);
    CHECK(w.store.list().empty());
  }

  TEST_CASE("a blob of a directory that changes before it is copied is refused") {
    const base::TemporaryDirectory directory;
    base::write_file_atomically(directory.path() / "blob", "true");
    const auto content = images::open_layout(directory.path());
    const auto facts = content->find("blob");
    content->move_to("blob", *facts, directory.path() / "copy");
    CHECK(base::read_file(directory.path() / "copy") == "true");
    base::write_file_atomically(directory.path() / "blob", "fake");
    CHECK_THROWS_WITH_AS(content->move_to("blob", *facts, directory.path() / "another"),
                         "'blob' has changed while it was loaded", base::Error);
    CHECK_FALSE(base::sys::exists(directory.path() / "another"));
  }

  TEST_CASE("an image that is saved and loaded elsewhere is the same image") {
    ImageWorld here;
    build_two_layers(here);
    check_two_layers(here);
    const auto file = save(here);
    ImageWorld there;
    const auto loaded = load(there, file);
    REQUIRE(loaded.size() == 1);
    CHECK(loaded[0].id == here.store.require("test").id);
    CHECK(loaded[0].references == std::vector<std::string>{"test:latest"});
    CHECK(there.store.require("test").config == here.store.require("test").config);
    check_two_layers(there);
    SUBCASE("and saving it again gives the same bytes") {
      CHECK(base::read_file(save(there, "again.tar")) == base::read_file(file));
    }
    SUBCASE("and its layer directories are equal") {
      const auto a = here.store.require("test").layers;
      const auto b = there.store.require("test").layers;
      REQUIRE(a.size() == b.size());
      for (std::size_t i = 0; i < a.size(); ++i)
        CHECK(images::pack_directory(a[i], images::PackForm::layer).digest ==
              images::pack_directory(b[i], images::PackForm::layer).digest);
    }
    SUBCASE("loading it twice changes nothing") {
      load(there, file);
      CHECK(there.store.list().size() == 1);
      CHECK(base::list_directory(there.directory.path() / "images/layers").size() == 2);
    }
  }

  TEST_CASE("a root file system is exported and imported with changes") {
    ImageWorld w;
    build_two_layers(w);
    const auto path = w.directory.path() / "rootfs.tar";
    images::export_rootfs(w.store.require("test").layers,
                          base::sys::open(path, O_WRONLY | O_CREAT, 0600).get());
    const auto id = images::import_rootfs(w.store, base::sys::open(path, O_RDONLY).get(), "rootfs.tar",
                                          "test", {"CMD [\"/kept\"]", "ENV X=y"}, "");
    CHECK(w.store.require("test").id == id);
    CHECK(w.store.require("test").layers.size() == 1);
    CHECK(w.store.require("test").config.command == std::vector<std::string>{"/kept"});
    CHECK(w.store.require("test").config.environment == std::vector<std::string>{"X=y"});
    check_two_layers(w);
    CHECK(w.store.list().size() == 2);  // the one that was built is dangling now
    CHECK_THROWS_WITH_AS(images::import_rootfs(w.store, base::sys::open(path, O_RDONLY).get(), "rootfs.tar",
                                               "test", {"RUN x"}, ""),
                         "change 'RUN x': only the configuration of the image can be changed", base::Error);
  }

  TEST_CASE("a container is committed as one more layer") {
    ImageWorld w;
    build_two_layers(w);
    const auto upper = w.directory.path() / "upper";
    base::sys::make_directory(upper);
    base::write_file_atomically(upper / "added", "by the container");
    base::sys::make_directories(upper / "etc");  // mount points that the container was given
    base::write_file_atomically(upper / "etc/hosts", "");
    base::sys::make_directories(upper / "mnt/volume");
    images::commit_container(w.store, {.image_id = w.store.require("test").id,
                                       .upper = upper,
                                       .mounts = {"/mnt/volume"},
                                       .reference = "snap:1",
                                       .changes = {"USER 7", "ENV B=${A}2", "WORKDIR /nowhere"}});
    CHECK(w.content("/added", "snap:1") == "by the container");
    CHECK(w.content("/kept", "snap:1") == "kept");
    CHECK(w.store.require("snap:1").config.user == "7");
    CHECK(w.store.require("snap:1").config.environment ==
          std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1",
                                   "B=12"});
    CHECK(w.store.require("snap:1").config.directory == "/nowhere");
    CHECK(w.facts("/etc", "snap:1") == "-");
    CHECK(w.facts("/mnt", "snap:1") == "-");
    CHECK(w.store.require("snap:1").layers.size() == w.store.require("test").layers.size() + 1);
    CHECK(w.store.list().size() == 2);  // nothing on the way has become an image
  }

  TEST_CASE("a bad archive is refused by name and leaves nothing behind") {
    const std::string config =
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:)" +
        std::string(64, 'a') + R"("]}})";
    CHECK(load_error([](auto& tar) { put(tar, "x", "y"); }) ==
          "load 'bad.tar': neither manifest.json nor index.json is in it: not an image archive");
    CHECK(load_error([](auto& tar) { put(tar, "manifest.json", "{"); }) ==
          "load 'bad.tar': read manifest.json: damaged JSON at byte 2");
    CHECK(load_error([](auto& tar) { put(tar, "manifest.json", R"([{"Config":"c.json","Layers":[]}])"); }) ==
          "load 'bad.tar': 'c.json' is missing");
    CHECK(load_error([&](auto& tar) {
            put(tar, "manifest.json", R"([{"Config":"c","Layers":["l"]}])");
            put(tar, "c", config);
            put(tar, "l", "not a tar");
          }).starts_with("load 'bad.tar': layer sha256:" + std::string(64, 'a') + ": damaged archive: "));
    CHECK(load_error([&](auto& tar) {
            put(tar, "manifest.json", R"([{"Config":"c","Layers":[]}])");
            put(tar, "c", config);
          }) == "load 'bad.tar': the image has 0 layers and its config names 1");
    CHECK(load_error([](auto& tar) {
            put(tar, "manifest.json", R"([{"Config":"../../etc/passwd","Layers":[]}])");
          }) == "load 'bad.tar': entry '../../etc/passwd': the name goes upwards");
    CHECK(
        load_error([](auto& tar) {
          put(tar, "index.json",
              R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:../x","size":1}]})");
        }) ==
        "load 'bad.tar': image index: manifests: the digest 'sha256:../x' is not sha256 and 64 hex digits");
    CHECK(load_error([](auto& tar) {
            put(tar, "index.json", R"({"schemaVersion":2,"manifests":[],"layers":[]})");
          }) ==
          "load 'bad.tar': image index: has both 'manifests' and 'layers': it cannot be two things at once");
  }
}
