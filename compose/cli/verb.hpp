#pragma once
// A verb of the command line: it declares its options, is parsed, and runs. One file per verb; verbs.cpp has
// the table.
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "compose/cli/arguments.hpp"

namespace compose::cli {

class Context;

class Verb {
 public:
  virtual ~Verb() = default;
  virtual void declare(Arguments& arguments) = 0;
  virtual int run(Context& context) = 0;  // the exit code; errors are thrown
};

struct VerbEntry {
  std::string_view name;
  std::string_view usage;  // "[OPTIONS] [SERVICE...]"
  std::string_view summary;
  std::unique_ptr<Verb> (*make)();
};

[[nodiscard]] std::span<const VerbEntry> all_verbs();
[[nodiscard]] const VerbEntry* find_verb(std::string_view name);  // nullptr: there is none
// The verb that a mistyped word most likely meant; empty when nothing is near.
[[nodiscard]] std::string_view similar_verb(std::string_view word);

}  // namespace compose::cli
