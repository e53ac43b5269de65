#pragma once
// --chmod of COPY and ADD: an octal number, or what chmod(1) calls a symbolic mode ("u=rwX,go=rX", "a-w").
// Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace compose::images {

class ModeChange {
 public:
  // Error: "--chmod=9: must be an octal number up to 7777, or a symbolic mode such as 'u=rwX,go=rX'".
  static ModeChange parse(std::string_view spelling);

  [[nodiscard]] std::uint32_t apply(std::uint32_t mode, bool is_directory) const;
  // The mode, where it was given as a number.
  [[nodiscard]] std::optional<std::uint32_t> number() const {
    return absolute_ ? std::optional{mode_} : std::nullopt;
  }
  bool operator==(const ModeChange&) const = default;

 private:
  struct Clause {
    std::uint32_t who = 0;  // the bits of user, group and others that it may touch
    char operation = '=';
    std::uint32_t bits = 0;       // of rwxst, for all three
    bool execute_if_any = false;  // X
    std::uint32_t copy_from = 0;  // "g=u": shift of the class whose bits are taken, + 1
    bool operator==(const Clause&) const = default;
  };
  static bool parse_clause(std::string_view text, std::vector<Clause>& into);
  static bool parse_bits(std::string_view text, Clause& clause);

  bool absolute_ = false;
  std::uint32_t mode_ = 0;
  std::vector<Clause> clauses_;
};

}  // namespace compose::images
