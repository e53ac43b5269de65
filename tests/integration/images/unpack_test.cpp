#include "images/archive/unpack.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "images/archive/overlay_marks.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/tar_writer.hpp"
#include "images/build/root_view.hpp"

using namespace compose;
using namespace compose::images;
namespace sys = base::sys;

namespace {

class StringSink final : public ByteSink {
 public:
  std::string bytes;
  void write(std::string_view part) override { bytes += part; }
};

// A tree beside the target that nothing may touch, and the target itself.
struct Corpus {
  base::TemporaryDirectory directory;
  StringSink sink;
  TarWriter tar{sink};

  Corpus() {
    sys::make_directory(outside());
    base::write_file_atomically(outside() / "canary", "alive", 0600);
    sys::make_directory(target());
  }
  [[nodiscard]] base::HostPath outside() const { return directory.path() / "outside"; }
  [[nodiscard]] base::HostPath target() const { return directory.path() / "target"; }

  Corpus& file(const std::string& path, const std::string& content = "x", std::uint32_t mode = 0644) {
    tar.header({.path = path, .mode = mode, .size = content.size()});
    tar.data(content);
    return *this;
  }
  Corpus& dir(const std::string& path, std::uint32_t mode = 0755) {
    tar.header({.path = path, .type = TarType::directory, .mode = mode});
    return *this;
  }
  Corpus& link(const std::string& path, const std::string& to) {
    tar.header({.path = path, .type = TarType::symlink, .mode = 0777, .link = to});
    return *this;
  }
  Corpus& hard(const std::string& path, const std::string& to) {
    tar.header({.path = path, .type = TarType::hard_link, .link = to});
    return *this;
  }

  // The error, or "" when it unpacked. The outside is checked each time.
  std::string unpack(UnpackOptions options = {}) {
    tar.finish();
    std::string message;
    const auto before = pack_directory(outside(), PackForm::plain).digest;
    try {
      MemorySource source{sink.bytes};
      unpack_tar(source, sys::open(target(), O_RDONLY | O_DIRECTORY).get(), options);
    } catch (const base::Error& e) {
      message = e.what();
    }
    CHECK(pack_directory(outside(), PackForm::plain).digest == before);
    return message;
  }
  [[nodiscard]] RootView view() const { return RootView{sys::open(target(), O_PATH | O_DIRECTORY)}; }
  [[nodiscard]] std::string content(const std::string& path) const {
    return view().read_file(path, 1U << 20U).value_or("-");
  }
  [[nodiscard]] std::optional<struct ::stat> stat(const std::string& path) const { return view().stat(path); }
  [[nodiscard]] bool opaque(const std::string& path) const {
    return is_opaque(view().open(path, O_RDONLY | O_DIRECTORY).get());
  }
};

}  // namespace

TEST_SUITE("images/archive/unpack") {
  TEST_CASE("names that are absolute or have dots and slashes too many stay inside") {
    Corpus c;
    CHECK(c.file("/abs", "1").file("./dot", "2").file("a//b/./c", "3").dir("./").unpack().empty());
    CHECK(c.content("abs") == "1");
    CHECK(c.content("dot") == "2");
    CHECK(c.content("a/b/c") == "3");
  }

  TEST_CASE("names that go upwards or are too long are refused by name") {
    CHECK(Corpus{}.file("../outside/canary").unpack() == "entry '../outside/canary': the name goes upwards");
    CHECK(Corpus{}.file("a/../../x").unpack() == "entry 'a/../../x': the name goes upwards");
    const std::string component(256, 'c');
    CHECK(Corpus{}.file(component).unpack() ==
          "entry '" + component + "': a component of the name is longer than 255 bytes");
    std::string deep;
    for (int i = 0; i < 2100; ++i) deep += "d/";
    CHECK(Corpus{}.file(deep + "f").unpack() == "an entry has a name of 4201 bytes: more than 4096");
    CHECK(Corpus{}.file("").unpack().find("only a directory can be the root") != std::string::npos);
  }

  TEST_CASE("nothing is written, changed or linked through a link that leads outside") {
    const auto attack = [](const auto& add, bool refused) {
      for (const bool absolute : {true, false}) {
        Corpus c;
        c.link("out", absolute ? c.outside().str() : "../outside");
        add(c);
        const auto message = c.unpack();
        CHECK_MESSAGE(message.empty() != refused, message);
      }
    };
    attack([](Corpus& c) { c.file("out/new"); }, true);
    attack([](Corpus& c) { c.file("out/canary", "dead"); }, true);
    attack([](Corpus& c) { c.dir("out/newdir"); }, true);
    attack([](Corpus& c) { c.hard("stolen", "out/canary"); }, true);
    attack([](Corpus& c) { c.file("out/.wh.canary", ""); }, true);
    attack([](Corpus& c) { c.file("out/.wh..wh..opq", ""); }, true);
    attack([](Corpus& c) { c.file("out", "replaces the link"); }, false);
    attack([](Corpus& c) { c.dir("out", 0700); }, false);
    attack([](Corpus& c) { c.hard("second", "out"); }, false);
  }

  TEST_CASE("a link inside the tree may be walked, as a container would") {
    Corpus c;
    CHECK(c.dir("usr").dir("usr/lib").link("lib", "/usr/lib").file("lib/x.so", "so").unpack().empty());
    CHECK(c.content("usr/lib/x.so") == "so");
  }

  TEST_CASE("a loop of links is an error") {
    CHECK(Corpus{}.link("a", "b").link("b", "a").file("a/x").unpack() ==
          "entry 'a/x': enter 'a': Too many levels of symbolic links");
  }

  TEST_CASE("a later entry replaces what an earlier one made") {
    Corpus c;
    c.file("f", "1").file("f", "2");
    c.dir("d").file("d/in", "x").file("d", "file now");
    c.file("e", "file").dir("e").file("e/in", "dir now");
    c.link("l", "f").file("l", "no link");
    c.dir("twice", 0700).file("twice/kept").dir("twice", 0755);
    CHECK(c.unpack().empty());
    CHECK(c.content("f") == "2");
    CHECK(c.content("d") == "file now");
    CHECK(c.content("e/in") == "dir now");
    CHECK(S_ISREG(c.stat("l")->st_mode));
    CHECK(c.content("twice/kept") == "x");
    CHECK((c.stat("twice")->st_mode & 07777U) == 0755);
  }

  TEST_CASE("hard links need a target that is there and no directory") {
    Corpus good;
    CHECK(good.file("a", "1").link("s", "a").hard("b", "a").hard("/t", "./s").unpack().empty());
    CHECK(good.stat("a")->st_ino == good.stat("b")->st_ino);
    CHECK(S_ISLNK(good.stat("t")->st_mode));
    CHECK(Corpus{}.hard("b", "later").file("later").unpack() ==
          "entry 'b': the target 'later' of the hard link is not in the archive before it");
    CHECK(Corpus{}.file("b").hard("b", "b").unpack() ==
          "entry 'b': the target 'b' of the hard link is not in the archive before it");
    CHECK(Corpus{}.dir("d").hard("b", "d").unpack() ==
          "entry 'b': the target 'd' of the hard link is a directory");
    CHECK(Corpus{}.hard("b", "../outside/canary").unpack() == "entry 'b': the name goes upwards");
    CHECK(Corpus{}.file(".wh.w", "").hard("b", "w").unpack() ==
          "entry 'b': the target 'w' of the hard link is not in the archive before it");
  }

  TEST_CASE("whiteouts become what overlayfs understands") {
    Corpus c;
    c.file(".wh.gone", "")
        .file("dir/.wh.x", "")
        .file("opq/.wh..wh..opq", "")
        .file("opq/new")
        .file(".wh..wh.plnk", "");
    CHECK(c.unpack().empty());
    CHECK(is_whiteout(*c.stat("gone")));
    CHECK(is_whiteout(*c.stat("dir/x")));
    CHECK(c.opaque("opq"));
    CHECK(c.content("opq/new") == "x");
    CHECK_FALSE(c.stat(".wh..wh.plnk").has_value());
  }

  TEST_CASE("a whiteout is about lower layers: what this layer has stays, in either order") {
    Corpus c;
    c.file("f", "mine").file(".wh.f", "");
    c.dir("d").file("d/in").file(".wh.d", "");
    c.file(".wh.e", "").dir("e").file("e/in");
    c.file(".wh.g", "").file("g", "mine");
    CHECK(c.unpack().empty());
    CHECK(c.content("f") == "mine");
    CHECK(c.content("d/in") == "x");
    CHECK(c.opaque("d"));
    CHECK(c.opaque("e"));
    CHECK(c.content("g") == "mine");
  }

  TEST_CASE("whiteouts of nothing, of oneself and of the parent are refused") {
    CHECK(Corpus{}.file(".wh.", "").unpack() == "entry '.wh.': a whiteout of ''");
    CHECK(Corpus{}.file("d/.wh..", "").unpack() == "entry 'd/.wh..': a whiteout of '.'");
    CHECK(Corpus{}.file("d/.wh...", "").unpack() == "entry 'd/.wh...': a whiteout of '..'");
    CHECK(Corpus{}.file(".wh.x", "").unpack({.form = UnpackForm::plain}) ==
          "entry '.wh.x': a name that begins with '.wh.' cannot be in an image");
  }

  TEST_CASE("modes, owners, times, capabilities and nodes are those of the archive") {
    Corpus c;
    TarHeader header{.path = "suid",
                     .mode = 06755,
                     .uid = 12,
                     .gid = 34,
                     .size = 1,
                     .modified = {.tv_sec = 1'000'000'000, .tv_nsec = 5}};
    header.attributes["security.capability"] =
        std::string("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
    header.attributes["trusted.overlay.opaque"] = "y";
    header.attributes["user.note"] = "n";
    c.tar.header(header);
    c.tar.data("x");
    c.tar.header({.path = "old", .type = TarType::directory, .modified = {.tv_sec = 7}});
    c.file("old/child");
    c.tar.header({.path = "pipe", .type = TarType::fifo, .mode = 0600});
    c.tar.header({.path = "disk",
                  .type = TarType::block,
                  .mode = 0660,
                  .gid = 6,
                  .device_major = 8,
                  .device_minor = 1});
    c.tar.header({.path = "sticky", .type = TarType::directory, .mode = 01777});
    CHECK(c.unpack().empty());
    const auto status = *c.stat("suid");
    CHECK((status.st_mode & 07777U) == 06755);
    CHECK(status.st_uid == 12);
    CHECK(status.st_gid == 34);
    CHECK(status.st_mtim.tv_sec == 1'000'000'000);
    CHECK(status.st_mtim.tv_nsec == 5);
    const auto fd = c.view().open("suid", O_RDONLY);
    CHECK(sys::extended_attribute(fd.get(), "security.capability") ==
          header.attributes["security.capability"]);
    CHECK_FALSE(sys::extended_attribute(fd.get(), "trusted.overlay.opaque").has_value());
    CHECK(sys::extended_attribute(fd.get(), "user.note") == "n");
    CHECK(c.stat("old")->st_mtim.tv_sec == 7);
    CHECK(S_ISFIFO(c.stat("pipe")->st_mode));
    CHECK(c.stat("disk")->st_rdev == ::gnu_dev_makedev(8, 1));
    CHECK((c.stat("sticky")->st_mode & 07777U) == 01777);
  }

  TEST_CASE("a directory that gives its group away does not give it to what the archive has in it") {
    Corpus c;
    c.tar.header({.path = "d", .type = TarType::directory, .mode = 02775, .gid = 50});
    c.file("d/file").link("d/link", "file").dir("d/dir");
    CHECK(c.unpack().empty());
    for (const char* name : {"d/file", "d/link", "d/dir"}) CHECK(c.stat(name)->st_gid == 0);
    CHECK(c.stat("d/dir")->st_mode == (S_IFDIR | 0755));
  }

  TEST_CASE("a root that begins to give its group away gives it to nothing") {
    Corpus c;
    c.file("a");
    c.tar.header({.path = "./", .type = TarType::directory, .mode = 02775, .gid = 50});
    c.file("b").dir("d").file("of/its/own");
    CHECK(c.unpack().empty());
    for (const char* name : {"a", "b", "d", "of", "of/its", "of/its/own"}) CHECK(c.stat(name)->st_gid == 0);
    CHECK(c.stat("")->st_gid == 50);
  }

  TEST_CASE("what root's group has belongs to it, whoever unpacks") {
    Corpus c;
    c.file("file").dir("directory").link("link", "file").file("of/its/own");
    c.tar.header({.path = "pipe", .type = TarType::fifo, .mode = 0600});
    {
      base::check(::setegid(50), "take a group");
      const base::ScopeExit back{[] { base::check(::setegid(0), "take root's group"); }};
      CHECK(c.unpack().empty());
    }
    for (const char* name : {"file", "directory", "link", "of", "of/its/own", "pipe"})
      CHECK(sys::stat_at(AT_FDCWD, (c.target() / name).str()).st_gid == 0);
  }

  TEST_CASE("a character device 0:0 cannot pass for a whiteout") {
    Corpus c;
    c.tar.header({.path = "etc/passwd", .type = TarType::character});
    CHECK(c.unpack() ==
          "entry 'etc/passwd': a character device 0:0 means a removed file in an overlay, which an image "
          "says with '.wh.'");
  }

  TEST_CASE("several that unpack at a time leave together what must stay free") {
    const base::TemporaryDirectory disk;
    base::check(::mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=96m"), "mount");
    const base::ScopeExit unmount{[&] { ::umount2(disk.path().c_str(), MNT_DETACH); }};
    // 32 MiB may be written. When half of the 20 are unpacked, somebody else has written 20 as well.
    StringSink sink;
    TarWriter tar{sink};
    constexpr std::size_t k_size = 20U << 20U;
    tar.header({.path = "file", .size = k_size});
    tar.data(std::string(k_size, 'x'));
    tar.finish();
    struct Shared final : ByteSource {
      std::string_view archive;
      base::HostPath beside;
      std::size_t at = 0;
      Shared(std::string_view bytes, base::HostPath file) : archive(bytes), beside(std::move(file)) {}
      std::string_view read() override {
        const auto part = archive.substr(at, 1U << 20U);
        at += part.size();
        if (at == k_size / 2) base::write_file_atomically(beside, archive);
        return part;
      }
    };
    Shared source{sink.bytes, disk.path() / "beside"};
    sys::make_directory(disk.path() / "target");
    const auto target = sys::open(disk.path() / "target", O_RDONLY | O_DIRECTORY);
    CHECK_THROWS_WITH_AS(unpack_tar(source, target.get(), {}),
                         doctest::Contains("and 67.11MB must stay free"), base::Error);
    CHECK(sys::free_space(target.get()).bytes > (60U << 20U));
  }

  TEST_CASE("limits are kept") {
    // Each file counts as 512 bytes and what is in it.
    CHECK(Corpus{}.file("a", "12345").file("b", "6").unpack({.max_bytes = 2 * 512 + 5}) ==
          "entry 'b': the archive unpacks to more than the 1029 bytes allowed");
    CHECK(Corpus{}.file("a", "12345").file("b", "6").unpack({.max_bytes = 2 * 512 + 6}).empty());
    CHECK(Corpus{}.file("a").file("b").file("c").unpack({.max_entries = 2}) == "more than 2 entries");
  }

  TEST_CASE("the owner can be forced") {
    Corpus c;
    c.tar.header({.path = "f", .uid = 5, .gid = 6});
    CHECK(c.dir("d").unpack({.owner = std::pair<uid_t, gid_t>{8, 9}}).empty());
    CHECK(c.stat("f")->st_uid == 8);
    CHECK(c.stat("d")->st_gid == 9);
  }

  TEST_CASE("a merge keeps what is a directory and what is none, and the target as it is") {
    const UnpackOptions merge{.form = UnpackForm::merge, .owner = std::nullopt, .closed = {"dev"}};
    Corpus c;
    sys::make_directory(c.target() / "d");
    sys::make_directory(c.target() / "dev");
    base::write_file_atomically(c.target() / "d" / "old", "old");
    base::write_file_atomically(c.target() / "f", "old");
    sys::make_symlink("d", c.target() / "l");
    c.dir("./", 0700).dir("d", 0711).file("d/new", "new").file("f", "new").file(".wh.f", "a name");
    CHECK(c.dir("dev", 0700).file("dev/x").file("l/through", "link").unpack(merge).empty());
    CHECK(c.content("d/old") == "old");
    CHECK(c.content("d/new") == "new");
    CHECK(c.content("f") == "new");
    CHECK(c.content(".wh.f") == "a name");
    CHECK(c.content("d/through") == "link");
    CHECK((c.stat("d")->st_mode & 07777U) == 0711);
    CHECK((c.stat(".")->st_mode & 07777U) == 0755);
    CHECK((c.stat("dev")->st_mode & 07777U) == 0755);
    CHECK_FALSE(c.stat("dev/x").has_value());
  }

  TEST_CASE("a merge replaces no directory by a file, nor the other way round") {
    for (const bool link : {true, false}) {
      Corpus c;
      sys::make_directory(c.target() / "d");
      if (link)
        sys::make_symlink("../outside", c.target() / "f");
      else
        base::write_file_atomically(c.target() / "f", "old");
      const UnpackOptions merge{.form = UnpackForm::merge};
      CHECK(c.dir("f").file("f/canary").unpack(merge) ==
            "entry 'f/': a directory does not take the place of something else");
      CHECK(Corpus{}.dir("d").file("d", "x").unpack(merge) ==
            "entry 'd': it does not take the place of a directory");
    }
  }

  TEST_CASE("a merge for another owner gives away no rights and makes no devices") {
    const auto merged = [](std::optional<std::pair<uid_t, gid_t>> owner) {
      Corpus c;
      TarHeader rights{.path = "f", .mode = 06755, .uid = 7, .gid = 8, .size = 0};
      rights.attributes["security.capability"] = std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
      c.tar.header(rights);
      c.tar.header({.path = "null", .type = TarType::character, .device_major = 1, .device_minor = 3});
      CHECK(c.unpack({.form = UnpackForm::merge, .owner = owner}).empty());
      const auto status = *c.stat("f");
      const auto file = c.view().open("f", O_RDONLY);
      return std::tuple{status.st_mode & 07777U, status.st_uid, status.st_gid,
                        sys::extended_attribute(file.get(), "security.capability").has_value(),
                        c.stat("null").has_value()};
    };
    CHECK(merged(std::nullopt) == std::tuple{06755U, 7U, 8U, true, true});
    CHECK(merged(std::pair{5U, 6U}) == std::tuple{0755U, 5U, 6U, false, false});
  }

  TEST_CASE("an overlay of unpacked layers shows what applying them in turn gives") {
    Corpus lower;
    CHECK(lower.dir("d")
              .file("d/a", "1")
              .file("d/b", "1")
              .dir("o")
              .file("o/old")
              .file("keep", "k")
              .unpack()
              .empty());
    Corpus upper;
    CHECK(upper.dir("d")
              .file("d/.wh.a", "")
              .file("d/b", "2")
              .dir("o")
              .file("o/.wh..wh..opq", "")
              .file("o/new")
              .unpack()
              .empty());
    const RootView merged{std::vector{upper.target(), lower.target()}};
    CHECK_FALSE(merged.stat("d/a").has_value());
    CHECK(merged.read_file("d/b", 9) == "2");
    CHECK_FALSE(merged.stat("o/old").has_value());
    CHECK(merged.read_file("o/new", 9) == "x");
    CHECK(merged.read_file("keep", 9) == "k");
  }
}
