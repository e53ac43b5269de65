// Following a container's output: an attached `up` gets every line once, and can neither block a container
// nor be told nothing about what it missed.
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;
using namespace std::chrono_literals;

namespace {

struct Seen {
  std::string first;  // the kind of the first record
  std::uint64_t lines = 0;
  std::uint64_t lost = 0;
  bool in_order = true;  // their numbers, which grow
  std::string text;      // of the last one
};

// Everything until the shim closes the pipe.
Seen read_all(const base::UniqueFd& pipe) {
  Seen seen;
  const std::string records = base::sys::read_to_end(pipe.get(), 1U << 28U);
  for (std::size_t at = 0; at < records.size();) {
    const auto end = records.find('\n', at);
    const auto line = std::string_view{records}.substr(at, end - at);
    at = end + 1;
    const auto rest = line.substr(line.find(' ') + 1);
    const auto kind = rest.substr(0, rest.find(' '));
    const std::string text{rest.substr(std::min(rest.size(), kind.size() + 3))};
    if (seen.first.empty()) seen.first = kind;
    if (kind == "lost") seen.lost += std::stoull(text);
    if (kind != "stdout" && kind != "stderr") continue;
    ++seen.lines;
    seen.in_order = seen.in_order && (seen.text.empty() || std::stol(text) > std::stol(seen.text));
    seen.text = text;
  }
  return seen;
}

base::UniqueFd start_followed(ScratchWorld& world, const rt::ContainerSpec& spec) {
  auto pipe = base::sys::make_pipe();
  world.started.push_back(spec.id);
  rt::StartRequest request;
  request.spec = spec;
  request.follower = std::move(pipe.write_end);
  const auto report = world.await(world.launcher->start(std::move(request)));
  REQUIRE(report.error == "");
  return std::move(pipe.read_end);
}

std::size_t open_files(std::int64_t pid) {
  return base::list_directory(base::HostPath{base::text("/proc/{}/fd", pid)}).size();
}

bool becomes(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!holds() && std::chrono::steady_clock::now() < deadline) ::usleep(5'000);
  return holds();
}

}  // namespace

TEST_SUITE("runtime/follow") {
  TEST_CASE("every line comes once, with a log that rotates faster than it is read, and with none") {
    ScratchWorld world;
    auto spec = world.spec({"seq", "100000"});
    SUBCASE("rotating") {
      spec.log = {.max_size = 4096, .max_files = 2};
    }
    SUBCASE("without a log") {
      spec.log.enabled = false;
    }
    const auto pipe = start_followed(world, spec);
    const auto seen = read_all(pipe);
    CHECK(seen.first == "start");
    CHECK(seen.lines == 100'000);
    CHECK(seen.in_order);
    CHECK(seen.lost == 0);
    CHECK(world.wait(spec.id) == 0);
  }

  TEST_CASE("a follower that stands still does not keep the container, and is told what it missed") {
    ScratchWorld world;
    const auto spec = world.spec({"seq", "100000"});
    const auto pipe = start_followed(world, spec);
    CHECK(world.wait(spec.id) == 0);
    const auto seen = read_all(pipe);
    CHECK(seen.lost > 0);
    CHECK(seen.lines + seen.lost == 100'000);
    CHECK(seen.in_order);
  }

  TEST_CASE("a follower that goes on after it stood still misses what came meanwhile, and no more") {
    ScratchWorld world;
    const auto spec = world.spec({"sh", "-c", "seq 50000; touch /data/written; read go; seq 50001 50100"});
    auto asking = spec;
    asking.process.stdin_open = true;
    const auto pipe = start_followed(world, asking);
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    const auto null = base::sys::open(base::HostPath{"/dev/null"}, O_RDWR);
    const auto input = world.await(client.attach(null.get(), null.get(), false));
    REQUIRE(becomes([&] { return base::sys::exists(spec.rootfs.upper / "data/written"); }));
    // The reader takes what waits for it; only then does the container go on.
    std::string first(1U << 20U, '\0');
    base::check(::fcntl(pipe.get(), F_SETFL, O_NONBLOCK), "make the pipe non-blocking");
    std::string before;
    REQUIRE(becomes([&] {
      const auto n = ::read(pipe.get(), first.data(), first.size());
      if (n > 0) before.append(first, 0, static_cast<std::size_t>(n));
      return before.find(" lost F ") != std::string::npos;
    }));
    base::check(::fcntl(pipe.get(), F_SETFL, 0), "make the pipe blocking");
    base::sys::write_all(input.get(), "go\n");
    const auto seen = read_all(pipe);
    CHECK(seen.lost == 0);
    CHECK(seen.lines == 100);
    CHECK(seen.text == "50100");
    CHECK(world.wait(spec.id) == 0);
  }

  TEST_CASE("whoever comes later gets what is written from then on, over restarts too") {
    ScratchWorld world;
    auto spec = world.spec(
        {"sh", "-c", "echo 1; while ! test -e /data/go; do sleep 0.02; done; rm /data/go; echo 2; exit 1"});
    spec.restart = {.mode = rt::RestartMode::on_failure, .max_retries = 1};
    REQUIRE(world.start(spec).error == "");
    REQUIRE(becomes([&] { return world.output(spec.id) == "1\n"; }));
    auto pipe = base::sys::make_pipe();
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    world.await(client.follow(std::move(pipe.write_end)));
    for (int i = 0; i < 2; ++i) {
      world.exec(spec.id, {"touch", "/data/go"});
      REQUIRE(becomes([&] { return world.output(spec.id) == (i == 0 ? "1\n2\n1\n" : "1\n2\n1\n2\n"); }));
    }
    std::string text;
    for (const auto* record : {"start F \n", "stdout F 2\n", "stdout F 1\n", "stdout F 2\n"}) text += record;
    std::string seen;
    const std::string records = base::sys::read_to_end(pipe.read_end.get(), 10'000);
    for (std::size_t at = 0; at < records.size(); at = records.find('\n', at) + 1) {
      const auto begin = records.find(' ', at) + 1;
      seen += records.substr(begin, records.find('\n', at) + 1 - begin);
    }
    CHECK(seen == text);
  }

  TEST_CASE("followers that go away leave nothing in the shim, also where nothing is written") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const auto shim = world.status(spec.id)->shim_pid;
    const auto follow = [&] {
      auto pipe = base::sys::make_pipe();
      rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
      world.await(client.follow(std::move(pipe.write_end)));
    };
    follow();
    const auto settled = [&](std::size_t before) {
      return becomes([&] { return open_files(shim) <= before; });
    };
    REQUIRE(becomes([&] { return open_files(shim) > 0; }));
    const auto before = open_files(shim);
    for (int i = 0; i < 200; ++i) follow();
    CHECK(settled(before));
    std::vector<base::UniqueFd> all;
    const auto hold = [&] {
      auto pipe = base::sys::make_pipe();
      rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
      world.await(client.follow(std::move(pipe.write_end)));
      all.push_back(std::move(pipe.read_end));
    };
    CHECK_THROWS_WITH(
        [&] {
          for (int i = 0; i < 100; ++i) hold();
        }(),
        "more than 64 follow the container already");
    CHECK(all.size() == 64);
    CHECK(world.exec(spec.id, {"true"}).exit_code == 0);
  }
}
