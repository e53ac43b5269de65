#include "images/build/mode_change.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"

namespace compose::images {
namespace {

constexpr std::uint32_t k_user = 04700;
constexpr std::uint32_t k_group = 02070;
constexpr std::uint32_t k_others = 01007;
constexpr std::uint32_t k_read = 0444;
constexpr std::uint32_t k_write = 0222;
constexpr std::uint32_t k_execute = 0111;
constexpr std::uint32_t k_set_id = 06000;
constexpr std::uint32_t k_sticky = 01000;

}  // namespace

bool ModeChange::parse_bits(std::string_view text, Clause& clause) {
  if (text.size() == 1 && (text == "u" || text == "g" || text == "o")) {
    clause.copy_from = text == "u" ? 7 : text == "g" ? 4 : 1;
    return true;
  }
  for (const char c : text) {
    if (c == 'r')
      clause.bits |= k_read;
    else if (c == 'w')
      clause.bits |= k_write;
    else if (c == 'x')
      clause.bits |= k_execute;
    else if (c == 'X')
      clause.execute_if_any = true;
    else if (c == 's')
      clause.bits |= k_set_id;
    else if (c == 't')
      clause.bits |= k_sticky;
    else
      return false;
  }
  return true;
}

bool ModeChange::parse_clause(std::string_view text, std::vector<Clause>& into) {
  std::uint32_t who = 0;
  while (!text.empty() && std::string_view{"ugoa"}.find(text.front()) != std::string_view::npos) {
    who |= text.front() == 'u'   ? k_user
           : text.front() == 'g' ? k_group
           : text.front() == 'o' ? k_others
                                 : 07777U;
    text.remove_prefix(1);
  }
  if (who == 0) who = 07777;
  if (text.empty()) return false;
  while (!text.empty()) {
    Clause clause{.who = who, .operation = text.front()};
    if (std::string_view{"+-="}.find(clause.operation) == std::string_view::npos) return false;
    text.remove_prefix(1);
    const auto end = std::min(text.find_first_of("+-="), text.size());
    if (!parse_bits(text.substr(0, end), clause)) return false;
    text.remove_prefix(end);
    into.push_back(clause);
  }
  return true;
}

ModeChange ModeChange::parse(std::string_view spelling) {
  ModeChange change;
  const auto octal = std::from_chars(spelling.data(), spelling.data() + spelling.size(), change.mode_, 8);
  change.absolute_ = !spelling.empty() && octal.ec == std::errc{} &&
                     octal.ptr == spelling.data() + spelling.size() && change.mode_ <= 07777;
  bool right = change.absolute_;
  if (!right && !spelling.empty() && (spelling.front() < '0' || spelling.front() > '9')) {
    right = true;
    for (std::size_t at = 0; right && at <= spelling.size();) {
      const auto comma = std::min(spelling.find(',', at), spelling.size());
      right = parse_clause(spelling.substr(at, comma - at), change.clauses_);
      at = comma + 1;
    }
  }
  if (!right)
    base::fail("--chmod={}: must be an octal number up to 7777, or a symbolic mode such as 'u=rwX,go=rX'",
               spelling);
  return change;
}

std::uint32_t ModeChange::apply(std::uint32_t mode, bool is_directory) const {
  if (absolute_) return mode_;
  for (const auto& clause : clauses_) {
    auto bits = clause.bits;
    if (clause.execute_if_any && (is_directory || (mode & k_execute) != 0)) bits |= k_execute;
    if (clause.copy_from != 0) {
      const auto taken = mode >> (clause.copy_from - 1) & 7U;
      bits = taken << 6U | taken << 3U | taken;
    }
    bits &= clause.who;
    if (clause.operation == '+')
      mode |= bits;
    else if (clause.operation == '-')
      mode &= ~bits;
    // A directory keeps its set-id bits, as with chmod(1), unless they are named.
    else
      mode = (mode & ~(clause.who & (is_directory ? 01777U : 07777U))) | bits;
  }
  return mode & 07777U;
}

}  // namespace compose::images
