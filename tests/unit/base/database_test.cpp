#include "base/database.hpp"

#include <doctest/doctest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

using namespace compose::base;

TEST_SUITE("base/database") {
  TEST_CASE("a transaction that throws leaves nothing") {
    const TemporaryDirectory directory;
    Database database{directory.path() / "state.db"};
    static constexpr std::string_view steps[] = {"CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER)"};
    database.migrate("test", steps);
    database.migrate("test", steps);
    database.run("INSERT INTO t VALUES (?, ?)", {"a", 1});
    CHECK_THROWS_AS(database.transaction([&] {
      database.run("INSERT INTO t VALUES (?, ?)", {"b", 2});
      fail("no");
    }),
                    Error);
    int rows = 0;
    database.each("SELECT k, n FROM t", {}, [&](const SqlRow& row) {
      ++rows;
      CHECK(row.text(0) == "a");
      CHECK(row.integer(1) == 1);
    });
    CHECK(rows == 1);
  }
  TEST_CASE("a long log that was copied back begins anew and loses nothing, a short one stays") {
    const TemporaryDirectory directory;
    const HostPath file = directory.path() / "x.db";
    const HostPath log = directory.path() / "x.db-wal";
    {
      Database database{file};
      database.run("CREATE TABLE t (n INTEGER)");
      for (int i = 0; i < 20; ++i) database.run("INSERT INTO t VALUES (1)");
      const auto short_log = read_file(log).size();
      database.copy_log_back_if_long();
      CHECK(read_file(log).size() == short_log);
      for (int i = 0; i < 80; ++i) database.run("INSERT INTO t VALUES (1)");
      database.copy_log_back_if_long();
      CHECK(read_file(log).size() > 0);          // the next write finds a log that has begun
      CHECK(read_file(log).size() < short_log);  // whoever opens the database has little to read
      database.run("INSERT INTO t VALUES (1)");
    }
    sys::remove_tree(log);
    Database again{file};
    std::int64_t rows = 0;
    again.each("SELECT count(*) FROM t", {}, [&](const SqlRow& row) { rows = row.integer(0); });
    CHECK(rows == 100);  // all that was copied; only what came after is in the log
  }

  TEST_CASE("the log's index of a command that was killed is not believed") {
    const TemporaryDirectory directory;
    const HostPath file = directory.path() / "x.db";
    const HostPath index = directory.path() / "x.db-shm";
    {
      Database database{file};
      database.run("CREATE TABLE t (n INTEGER)");
      database.run("INSERT INTO t VALUES (1)");
    }
    const auto size = read_file(index).size();
    REQUIRE(size > 3);
    write_file_atomically(index, std::string(size, '\x5a'), 0600);
    Database again{file};
    std::int64_t rows = 0;
    again.each("SELECT count(*) FROM t", {}, [&](const SqlRow& row) { rows = row.integer(0); });
    CHECK(rows == 1);
    again.run("INSERT INTO t VALUES (2)");
    Database third{file};  // one that is not alone takes the index as it is
    third.each("SELECT count(*) FROM t", {}, [&](const SqlRow& row) { rows = row.integer(0); });
    CHECK(rows == 2);
  }

  TEST_CASE("the digest of a known text is the known one") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}
