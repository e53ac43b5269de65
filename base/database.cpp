#include "base/database.hpp"

#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.hpp"
#include "base/overloaded.hpp"

namespace compose::base {
namespace {

constexpr int k_busy_timeout = 10'000;    // milliseconds
constexpr off_t k_long_log = 256 * 1024;  // bytes; reading more begins to show in the time of a command

// Whoever is alone with a database cuts the index of its log (the "-shm" file) to three bytes when it opens
// it, and makes it as long as before a moment later. Blocks of the disk that are given up and taken again
// cost a command milliseconds where the file system tells the disk of each; zeros in their place say the
// same.
int cut_or_clear(int file, off_t size) {
  constexpr off_t k_cut_index = 3;
  struct ::stat info {};
  if (size != k_cut_index || ::fstat(file, &info) != 0) return ::ftruncate(file, size);
  static constexpr std::array<char, 32768> zeros{};
  for (off_t at = 0; at < info.st_size; at += static_cast<off_t>(zeros.size())) {
    const auto part = std::min(zeros.size(), static_cast<std::size_t>(info.st_size - at));
    if (::pwrite(file, zeros.data(), part, at) != static_cast<ssize_t>(part)) return ::ftruncate(file, size);
  }
  return 0;
}

void keep_index_long() {
  sqlite3_vfs* files = sqlite3_vfs_find("unix");
  if (files == nullptr || files->xSetSystemCall == nullptr) return;
  files->xSetSystemCall(files, "ftruncate", reinterpret_cast<sqlite3_syscall_ptr>(cut_or_clear));
}

sqlite3_stmt* raw(void* statement) {
  return static_cast<sqlite3_stmt*>(statement);
}

struct Finalize {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

}  // namespace

struct Database::State {
  struct Close {
    void operator()(sqlite3* d) const noexcept { sqlite3_close_v2(d); }
  };
  std::string file;
  std::unique_ptr<sqlite3, Close> connection;
  std::map<std::string, Statement, std::less<>>
      prepared;  // declared after the connection: finalized before it closes
  int depth = 0;

  [[noreturn]] void refuse(std::string_view doing) const {
    fail("database '{}': {}: {}", file, doing, sqlite3_errmsg(connection.get()));
  }

  sqlite3_stmt* prepare(std::string_view sql) {
    if (const auto found = prepared.find(sql); found != prepared.end()) return found->second.get();
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      refuse(sql);
    return prepared.emplace(std::string{sql}, Statement{statement}).first->second.get();
  }

  static void bind(sqlite3_stmt* statement, const std::vector<SqlValue>& arguments) {
    int index = 0;
    for (const auto& argument : arguments) {
      ++index;
      std::visit(overloaded{[&](std::nullptr_t) { sqlite3_bind_null(statement, index); },
                            [&](std::int64_t n) { sqlite3_bind_int64(statement, index, n); },
                            [&](const std::string& s) {
                              sqlite3_bind_text(statement, index, s.data(), static_cast<int>(s.size()),
                                                SQLITE_STATIC);
                            }},
                 argument);
    }
  }
};

std::int64_t SqlRow::integer(int column) const {
  return sqlite3_column_int64(raw(statement_), column);
}
bool SqlRow::is_null(int column) const {
  return sqlite3_column_type(raw(statement_), column) == SQLITE_NULL;
}
std::string SqlRow::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(raw(statement_), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(raw(statement_), column))};
}

Database::Database(const HostPath& file) : state_(std::make_unique<State>()) {
  state_->file = file.str();
  keep_index_long();
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const mode_t before = ::umask(0077);
  const int result = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  ::umask(before);
  state_->connection.reset(connection);
  if (result != SQLITE_OK) state_->refuse("open");
  sqlite3_busy_timeout(connection, k_busy_timeout);
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=NORMAL");
  // Commands are short and most are the only one: copying the log back into the database at each one's end
  // would cost three waits for the disk. The log stays; copy_log_back_if_long() copies it back, and where
  // nobody calls that, when reading it would begin to cost something.
  run("PRAGMA wal_autocheckpoint=400");
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  run("PRAGMA foreign_keys=ON");
}

void Database::copy_log_back_if_long() {
  struct ::stat log {};
  if (::stat((state_->file + "-wal").c_str(), &log) != 0 || log.st_size <= k_long_log) return;
  sqlite3* connection = state_->connection.get();
  // Cut off as well: whoever opens the database reads the whole log that it finds. Not while others use it.
  sqlite3_busy_timeout(connection, 0);
  // The first write to an empty log waits for the disk; here rather than in the next command.
  if (sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) ==
      SQLITE_OK)
    sqlite3_exec(connection, "PRAGMA user_version=0", nullptr, nullptr, nullptr);
  sqlite3_busy_timeout(connection, k_busy_timeout);
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

void Database::migrate(std::string_view room, std::span<const std::string_view> steps) {
  const auto version_of = [&] {
    std::int64_t version = 0;
    each("SELECT version FROM schema_version WHERE room = ?", {std::string{room}},
         [&](const SqlRow& row) { version = row.integer(0); });
    return version;
  };
  run("CREATE TABLE IF NOT EXISTS schema_version (room TEXT PRIMARY KEY, version INTEGER NOT NULL)");
  const auto wanted = static_cast<std::int64_t>(steps.size());
  if (version_of() == wanted) return;
  transaction([&] {
    const auto version = version_of();
    if (version > wanted)
      fail("database '{}': written by a newer version of compose ({} schema {}, known {})", state_->file,
           room, version, wanted);
    for (auto i = static_cast<std::size_t>(version); i < steps.size(); ++i) run(steps[i]);
    run("INSERT INTO schema_version VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET version = "
        "excluded.version",
        {std::string{room}, wanted});
  });
}

void Database::run(std::string_view sql, const std::vector<SqlValue>& arguments) {
  each(sql, arguments, [](const SqlRow&) {});
}

void Database::each(std::string_view sql, const std::vector<SqlValue>& arguments,
                    const std::function<void(const SqlRow&)>& f) {
  sqlite3_stmt* statement = state_->prepare(sql);
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
  } reset{statement};
  State::bind(statement, arguments);
  for (;;) {
    const int result = sqlite3_step(statement);
    if (result == SQLITE_DONE) return;
    if (result != SQLITE_ROW) state_->refuse(sql);
    f(SqlRow{statement});
  }
}

int Database::changes() const {
  return sqlite3_changes(state_->connection.get());
}

void Database::transaction(const std::function<void()>& f) {
  if (state_->depth > 0) return f();
  run("BEGIN IMMEDIATE");
  ++state_->depth;
  try {
    f();
    run("COMMIT");
  } catch (...) {
    --state_->depth;
    if (sqlite3_get_autocommit(state_->connection.get()) == 0) run("ROLLBACK");
    throw;
  }
  --state_->depth;
}

}  // namespace compose::base
