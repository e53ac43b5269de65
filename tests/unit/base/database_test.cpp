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
  TEST_CASE("the digest of a known text is the known one") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}
