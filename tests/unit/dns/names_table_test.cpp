#include "net/dns/names_table.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace compose::net::dns;
using compose::base::HostPath;

namespace {

struct TableFixture {
  compose::base::TemporaryDirectory directory;
  HostPath path = directory.path() / "names";
  TableFixture() { NamesTable::create(path); }
};

NameRecord record(const std::string& name, std::uint8_t last) {
  return {.group_names = {"web"}, .own_names = {name}, .ipv4 = Ipv4{10, 0, 0, last}};
}

// Runs f in a process of its own, which then waits to be killed.
class Process {
 public:
  template <class F>
  explicit Process(F f) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      [[maybe_unused]] const auto kept = f();
      [[maybe_unused]] const auto n = ::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Process() { kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE_FIXTURE(TableFixture, "what one process publishes another reads at once") {
  auto reader = NamesTable::open(path);
  CHECK(list_records(reader).empty());
  const auto before = reader.generation();
  auto writer = NamesTable::open(path);
  auto published = writer.publish({.group_names = {"Web", "Alias"},
                                   .own_names = {"shop-web-1", "0123456789ab"},
                                   .ipv4 = parse_ipv4("10.0.0.5"),
                                   .ipv6 = parse_ipv6("fd00::5")});
  CHECK(reader.generation() != before);
  const auto records = list_records(reader);
  REQUIRE(records.size() == 1);
  CHECK(records[0].group_names == std::vector<std::string>{"web", "alias"});
  CHECK(records[0].own_names == std::vector<std::string>{"shop-web-1", "0123456789ab"});
  CHECK(records[0].ipv4 == parse_ipv4("10.0.0.5"));
  CHECK(records[0].ipv6 == parse_ipv6("fd00::5"));
  published.withdraw();
  CHECK(list_records(reader).empty());
}

TEST_CASE_FIXTURE(TableFixture, "a withdrawn slot is used again") {
  auto table = NamesTable::open(path);
  auto first = table.publish(record("a", 1));
  const auto second = table.publish(record("b", 2));
  first.withdraw();
  const auto third = table.publish(record("c", 3));
  CHECK(table.used() == 2);
  CHECK(list_records(table).size() == 2);
}

TEST_CASE_FIXTURE(TableFixture, "the names of a killed process are swept, those of a living one stay") {
  auto table = NamesTable::open(path);
  Process doomed{[&] { return NamesTable::open(path).publish(record("a", 1)); }};
  const Process other{[&] { return NamesTable::open(path).publish(record("b", 2)); }};
  const auto own = table.publish(record("c", 3));
  table.sweep();
  CHECK(list_records(table).size() == 3);
  doomed.kill();
  const auto before = table.generation();
  table.sweep();
  CHECK(table.generation() != before);
  const auto records = list_records(table);
  REQUIRE(records.size() == 2);
  for (const auto& r : records) CHECK(r.own_names[0] != "a");
}

TEST_CASE_FIXTURE(TableFixture, "more names than a slot holds take several slots") {
  auto table = NamesTable::open(path);
  NameRecord many{.group_names = {}, .own_names = {"first"}, .ipv4 = parse_ipv4("10.0.0.9")};
  for (int i = 0; i < 40; ++i)
    many.group_names.push_back("alias-" + std::to_string(i) + std::string(40, 'x'));
  const auto published = table.publish(many);
  std::size_t names = 0;
  for (const auto& r : list_records(table)) {
    names += r.group_names.size() + r.own_names.size();
    CHECK(r.ipv4 == parse_ipv4("10.0.0.9"));
  }
  CHECK(names == 41);
}

TEST_CASE_FIXTURE(TableFixture, "four thousand replicas fit") {
  auto table = NamesTable::open(path);
  std::vector<PublishedName> published;
  for (int i = 0; i < 4096; ++i)
    published.push_back(table.publish(record("web-" + std::to_string(i), static_cast<std::uint8_t>(i))));
  CHECK(list_records(table).size() == 4096);
}

TEST_CASE_FIXTURE(TableFixture, "a name once declared or published is remembered") {
  auto table = NamesTable::open(path);
  CHECK_FALSE(table.declared("db"));
  table.declare(std::array{std::string{"DB"}});
  CHECK(table.declared("db."));
  table.publish(record("gone", 1)).withdraw();
  CHECK(NamesTable::open(path).declared("gone"));
  CHECK(NamesTable::open(path).declared("web"));
}

TEST_CASE_FIXTURE(TableFixture, "creating a table again keeps what is in it") {
  auto table = NamesTable::open(path);
  const auto published = table.publish(record("a", 1));
  NamesTable::create(path);
  CHECK(list_records(NamesTable::open(path)).size() == 1);
  CHECK(compose::base::list_directory(directory.path()) == std::vector<std::string>{"names"});
}

TEST_CASE_FIXTURE(TableFixture, "a damaged file is refused") {
  compose::base::write_file_atomically(path, "nonsense");
  CHECK_THROWS_WITH(NamesTable::open(path), ("names table '" + path.str() + "' is damaged").c_str());
}

TEST_CASE_FIXTURE(TableFixture, "readers never see half a record while another process rewrites it") {
  const Process writer{[&] {
    auto table = NamesTable::open(path);
    for (int i = 0; i < 20000; ++i) {
      const auto digit = static_cast<std::uint8_t>(i % 10);
      const auto published = table.publish({.group_names = {},
                                            .own_names = {std::string(100, static_cast<char>('0' + digit))},
                                            .ipv4 = Ipv4{digit, digit, digit, digit}});
    }
    return 0;
  }};
  auto table = NamesTable::open(path);
  for (int i = 0; i < 20000; ++i)
    for (const auto& r : list_records(table)) {
      REQUIRE(r.own_names.size() == 1);
      REQUIRE(r.own_names[0] == std::string(100, static_cast<char>('0' + (*r.ipv4)[0])));
    }
}
