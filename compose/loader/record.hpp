#pragma once
// Keyword tables: one row for each key of an object, in the order of `compose config`. A row knows how to
// read the key into the member of the model's struct, how to write it back, and whether this program honours
// it. The same tables read files, suggest keys, print the canonical model, and generate
// docs/supported-attributes.md.
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "compose/loader/key_path.hpp"
#include "compose/loader/node.hpp"

namespace compose::loader {

enum class Support : std::uint8_t {
  honoured,  // has its effect
  loader,    // used up while loading, or documentation: nothing is left to do at run time
  ignored,   // kept and printed; setting it gives one warning
};

inline constexpr std::string_view k_swarm = "an attribute of Swarm clusters";  // why a row is ignored

class Reader;
class Writer;
struct Table;

struct Row {
  std::string_view key;
  std::string_view kind;  // "string", "list of strings": for messages and documentation
  void (*read)(Reader&, const Node&, const KeyPath&, void* record);
  bool (*write)(const Writer&, const void* record, model::Value& out);  // false: nothing to print
  const Table* (*inner)();        // table of the objects below, or nullptr
  std::string_view inner_suffix;  // "", "[]", ".*": where in the value those objects are
  bool nullable = false;          // `key:` without value means: not given
  Support support = Support::honoured;
  std::string_view note;  // why ignored, or what to know
};

struct Table {
  std::string_view what;  // "a service"
  std::span<const Row> rows;
  model::Extensions* (*extensions)(void* record);  // nullptr: `x-` keys are not allowed
  std::span<const std::string_view> required = {};

  [[nodiscard]] const Row* find(std::string_view key) const;
};

// Reads objects. Problems are reported and reading goes on; warnings about ignored keys come once for each
// key.
class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void read_record(const Node& node, const KeyPath& path, const Table& table, void* record);
  void fail(const Node& node, const KeyPath& path, std::string_view why);
  void expect(const Node& node, const KeyPath& path,
              std::string_view wanted);  // "must be a string, not a list"
  void warn(Mark mark, std::string message) { diagnostics_.warn(mark, std::move(message)); }

 private:
  void unknown_key(const Entry& entry, const KeyPath& path, const Table& table);
  void note_ignored(const Entry& entry, const KeyPath& path, const Row& row);

  Diagnostics& diagnostics_;
  std::set<const Row*> warned_;
};

// How records are written: JSON keeps a few members that YAML leaves out.
class Writer {
 public:
  explicit Writer(bool json) : json_(json) {}
  [[nodiscard]] bool json() const noexcept { return json_; }
  [[nodiscard]] model::Value write_record(const Table& table, const void* record) const;

 private:
  bool json_;
};

// The table of each struct of the model; fields_*.cpp specialise it.
template <class T>
const Table& table_of();

}  // namespace compose::loader
