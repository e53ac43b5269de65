#pragma once
// SQLite behind owners: a database in WAL mode, prepared statements kept for reuse, transactions that roll
// back unless committed. One writer at a time; a busy database waits up to ten seconds. Killing the process
// at any instant leaves the last committed state.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/path.hpp"

namespace compose::base {

using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string>;

// The columns of one result row; valid during the callback only.
class SqlRow {
 public:
  explicit SqlRow(void* statement) noexcept : statement_(statement) {}
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  void* statement_;
};

class Database {
 public:
  // Creates the file (mode 0600) where there is none.
  explicit Database(const HostPath& file);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  // The steps of one room's schema, in order; those already applied are skipped (table schema_version
  // remembers).
  void migrate(std::string_view room, std::span<const std::string_view> steps);

  void run(std::string_view sql, const std::vector<SqlValue>& arguments = {});
  void each(std::string_view sql, const std::vector<SqlValue>& arguments,
            const std::function<void(const SqlRow&)>& f);
  [[nodiscard]] int changes() const;  // rows touched by the last run()

  // Runs f inside BEGIN IMMEDIATE ... COMMIT; an exception rolls back and goes on. Nested calls join the
  // outer one.
  void transaction(const std::function<void()>& f);

  // For a moment when nobody waits: a write-ahead log of more than 256 kB, which every open reads, begins
  // anew. Up to five waits for the disk; does nothing where another process reads, or the disk refuses.
  void copy_log_back_if_long();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::base
