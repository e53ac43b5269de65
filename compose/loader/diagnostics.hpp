#pragma once
// Problems of compose files: where, what, and the line itself. A load collects all of them and throws once.
//
//   compose.yaml:4:5: services.web: unknown key 'imagee', did you mean 'image'?
//       imagee: nginx
//       ^
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace compose::loader {

struct Problem {
  std::string file;     // as shown; empty: not about a place in a file
  unsigned line = 0;    // from 1; 0: the file as a whole
  unsigned column = 0;  // from 1, in characters
  std::string message;
  std::string source_line;  // the text of that line; empty: not shown
  bool operator==(const Problem&) const = default;
};

// "file:line:column: message", then the line and a caret.
std::string to_text(const Problem& problem);

// what() is the text of all problems, one after the other.
class InvalidProject final : public base::Error {
 public:
  explicit InvalidProject(std::vector<Problem> problems);
  [[nodiscard]] std::span<const Problem> problems() const noexcept { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace compose::loader
