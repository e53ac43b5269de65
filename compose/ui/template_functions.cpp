#include "compose/ui/template_functions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "compose/ui/table.hpp"

namespace compose::ui::templates {

namespace {

using base::Json;
using base::text;
using Arguments = std::span<const Json>;

constexpr std::int64_t k_widest = 10'000;  // of padding

std::string_view kind_of(const Json& value) {
  if (value.is_string()) return "text";
  if (value.is_number()) return "a number";
  if (value.is_boolean()) return "true or false";
  if (value.is_array()) return "a list";
  return value.is_object() ? "a mapping" : "nothing";
}

const std::string& text_of(const Json& value) {
  if (!value.is_string()) base::fail("takes text, not {}", kind_of(value));
  return value.get_ref<const std::string&>();
}

std::int64_t whole_of(const Json& value) {
  if (!value.is_number_integer()) base::fail("takes a whole number, not {}", kind_of(value));
  return value.get<std::int64_t>();
}

Json upper(Arguments a) {
  return base::upper_case(text_of(a[0]));
}
Json lower(Arguments a) {
  return base::lower_case(text_of(a[0]));
}

Json title(Arguments a) {
  std::string out = text_of(a[0]);
  bool begins = true;
  for (char& c : out) {
    if (begins && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    begins = c == ' ' || c == '\t' || c == '\n';
  }
  return out;
}

Json join(Arguments a) {
  if (!a[0].is_array()) base::fail("takes a list, not {}", kind_of(a[0]));
  std::vector<std::string> parts;
  for (const auto& part : a[0]) parts.push_back(shown(part));
  return base::join(parts, text_of(a[1]));
}

Json split(Arguments a) {
  const std::string& whole = text_of(a[0]);
  const std::string& separator = text_of(a[1]);
  if (separator.empty()) base::fail("takes a separator that is not empty");
  Json parts = Json::array();
  for (std::size_t at = 0;;) {
    const auto end = whole.find(separator, at);
    parts.push_back(whole.substr(at, end - at));
    if (end == std::string::npos) return parts;
    at = end + separator.size();
  }
}

Json json(Arguments a) {
  return a[0].dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json truncate(Arguments a) {
  const std::string& whole = text_of(a[0]);
  const auto length = whole_of(a[1]);
  if (length < 0) base::fail("takes a length that is not negative");
  return first_characters(whole, static_cast<std::size_t>(length));
}

Json pad(Arguments a) {
  const std::string& whole = text_of(a[0]);
  const auto before = whole_of(a[1]);
  const auto behind = whole_of(a[2]);
  for (const auto blanks : {before, behind})
    if (blanks < 0 || blanks > k_widest) base::fail("takes 0 to {} blanks, not {}", k_widest, blanks);
  if (whole.empty()) return whole;
  return std::string(static_cast<std::size_t>(before), ' ') + whole +
         std::string(static_cast<std::size_t>(behind), ' ');
}

Json length(Arguments a) {
  if (a[0].is_string()) return static_cast<std::int64_t>(text_of(a[0]).size());
  if (a[0].is_array() || a[0].is_object()) return static_cast<std::int64_t>(a[0].size());
  base::fail("takes text, a list or a mapping, not {}", kind_of(a[0]));
}

Json index(Arguments a) {
  const Json* at = a.data();
  for (const auto& key : a.subspan(1)) {
    if (at->is_array()) {
      const auto i = whole_of(key);
      if (i < 0 || static_cast<std::size_t>(i) >= at->size())
        base::fail("there is no element {} in a list of {}", i, at->size());
      at = &(*at)[static_cast<std::size_t>(i)];
    } else if (at->is_object()) {
      const auto found = at->find(text_of(key));
      if (found == at->end()) return "";
      at = &*found;
    } else {
      base::fail("takes a list or a mapping, not {}", kind_of(*at));
    }
  }
  return *at;
}

Json slice(Arguments a) {
  const bool is_text = a[0].is_string();
  if (!is_text && !a[0].is_array()) base::fail("takes text or a list, not {}", kind_of(a[0]));
  const auto size = static_cast<std::int64_t>(is_text ? text_of(a[0]).size() : a[0].size());
  const auto first = a.size() > 1 ? whole_of(a[1]) : 0;
  const auto last = a.size() > 2 ? whole_of(a[2]) : size;
  if (first < 0 || first > last || last > size)
    base::fail("there is no part from {} to {} of {}", first, last, size);
  if (is_text)
    return text_of(a[0]).substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
  Json part = Json::array();
  for (auto i = first; i < last; ++i) part.push_back(a[0][static_cast<std::size_t>(i)]);
  return part;
}

// Blanks between two operands neither of which is text.
Json print(Arguments a) {
  std::string out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i > 0 && !a[i].is_string() && !a[i - 1].is_string()) out += ' ';
    out += shown(a[i]);
  }
  return out;
}

Json println(Arguments a) {
  std::vector<std::string> parts;
  for (const auto& value : a) parts.push_back(shown(value));
  return base::join(parts, " ") + "\n";
}

Json printf(Arguments a) {
  return format_values(text_of(a[0]), a.subspan(1));
}

// ---- comparing ----

void check_comparable(const Json& a, const Json& b) {
  const bool same = a.type() == b.type() || (a.is_number() && b.is_number()) || a.is_null() || b.is_null();
  if (!same) base::fail("cannot compare {} with {}", kind_of(a), kind_of(b));
}

bool less(const Json& a, const Json& b) {
  const bool ordered = (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
  if (!ordered) base::fail("cannot order {} and {}", kind_of(a), kind_of(b));
  return a < b;
}

Json equal(Arguments a) {
  return std::ranges::any_of(a.subspan(1), [&](const Json& other) {
    check_comparable(a[0], other);
    return a[0] == other;
  });
}
Json not_equal(Arguments a) {
  check_comparable(a[0], a[1]);
  return a[0] != a[1];
}
Json less_than(Arguments a) {
  return less(a[0], a[1]);
}
Json less_or_equal(Arguments a) {
  return !less(a[1], a[0]);
}
Json greater_than(Arguments a) {
  return less(a[1], a[0]);
}
Json greater_or_equal(Arguments a) {
  return !less(a[0], a[1]);
}
Json negate(Arguments a) {
  return !is_true(a[0]);
}
Json first_false(Arguments a) {
  const auto found = std::ranges::find_if_not(a, is_true);
  return found == a.end() ? a.back() : *found;
}
Json first_true(Arguments a) {
  const auto found = std::ranges::find_if(a, is_true);
  return found == a.end() ? a.back() : *found;
}

constexpr std::size_t k_any = 100;

struct FunctionRow {
  std::string_view name;
  std::size_t least;
  std::size_t most;
  Json (*call)(Arguments);
};

constexpr auto k_functions = std::to_array<FunctionRow>({
    {"and", 1, k_any, first_false}, {"eq", 2, k_any, equal},      {"ge", 2, 2, greater_or_equal},
    {"gt", 2, 2, greater_than},     {"index", 1, k_any, index},   {"join", 2, 2, join},
    {"json", 1, 1, json},           {"le", 2, 2, less_or_equal},  {"len", 1, 1, length},
    {"lower", 1, 1, lower},         {"lt", 2, 2, less_than},      {"ne", 2, 2, not_equal},
    {"not", 1, 1, negate},          {"or", 1, k_any, first_true}, {"pad", 3, 3, pad},
    {"print", 0, k_any, print},     {"printf", 1, k_any, printf}, {"println", 0, k_any, println},
    {"slice", 1, 3, slice},         {"split", 2, 2, split},       {"title", 1, 1, title},
    {"truncate", 2, 2, truncate},   {"upper", 1, 1, upper},
});

// ---- printf ----

struct Verb {
  bool left = false;
  bool plus = false;
  bool blank = false;
  bool zeros = false;
  std::int64_t width = 0;
  std::optional<std::int64_t> precision;
  char letter = 0;
};

std::int64_t take_number(std::string_view& rest) {
  std::int64_t value = 0;
  const auto end = std::from_chars(rest.data(), rest.data() + rest.size(), value).ptr;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (value > k_widest) base::fail("a width of {} is above {}", value, k_widest);
  return value;
}

Verb take_verb(std::string_view& rest) {
  Verb verb;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == '-')
      verb.left = true;
    else if (rest.front() == '+')
      verb.plus = true;
    else if (rest.front() == ' ')
      verb.blank = true;
    else if (rest.front() == '0')
      verb.zeros = true;
    else
      break;
  }
  const auto digit = [&] { return !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; };
  if (digit()) verb.width = take_number(rest);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    verb.precision = digit() ? take_number(rest) : 0;
  }
  if (rest.empty()) base::fail("the format ends within a '%'");
  verb.letter = rest.front();
  rest.remove_prefix(1);
  return verb;
}

std::string whole_number(const Verb& verb, const Json& value, int base) {
  const auto number = whole_of(value);
  char digits[80];
  std::string out(digits, std::to_chars(digits, digits + sizeof digits, number, base).ptr);
  if (verb.letter == 'X') out = base::upper_case(out);
  if (number >= 0 && (verb.plus || verb.blank)) out.insert(0, 1, verb.plus ? '+' : ' ');
  return out;
}

std::string real_number(const Verb& verb, const Json& value) {
  if (!value.is_number()) base::fail("%{} takes a number, not {}", verb.letter, kind_of(value));
  const auto form = verb.letter == 'f'   ? std::chars_format::fixed
                    : verb.letter == 'e' ? std::chars_format::scientific
                                         : std::chars_format::general;
  const auto number = value.get<double>();
  // The longest number has 309 digits before the point.
  std::string digits(static_cast<std::size_t>(400 + verb.precision.value_or(0)), '\0');
  char* const end = digits.data() + digits.size();
  const auto written =
      verb.letter == 'g' && !verb.precision
          ? std::to_chars(digits.data(), end, number, form)
          : std::to_chars(digits.data(), end, number, form, static_cast<int>(verb.precision.value_or(6)));
  digits.resize(static_cast<std::size_t>(written.ptr - digits.data()));
  if (number >= 0 && (verb.plus || verb.blank)) digits.insert(0, 1, verb.plus ? '+' : ' ');
  return digits;
}

std::string hexadecimal(const Verb& verb, const std::string& value) {
  const std::string_view digits = verb.letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : value) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

std::string one_value(const Verb& verb, const Json& value) {
  const auto limited = [&](const std::string& whole) {
    return verb.precision ? first_characters(whole, static_cast<std::size_t>(*verb.precision)) : whole;
  };
  switch (verb.letter) {
    case 'v':
    case 's':
      return limited(shown(value));
    case 'q':
      return json({&value, 1}).get<std::string>();
    case 'd':
      return whole_number(verb, value, 10);
    case 'o':
      return whole_number(verb, value, 8);
    case 'b':
      return whole_number(verb, value, 2);
    case 'x':
    case 'X':
      return value.is_string() ? hexadecimal(verb, text_of(value)) : whole_number(verb, value, 16);
    case 't':
      if (!value.is_boolean()) base::fail("%t takes true or false, not {}", kind_of(value));
      return shown(value);
    case 'f':
    case 'e':
    case 'g':
      return real_number(verb, value);
    default:
      base::fail("there is no '%{}', use %s, %d, %v, %q, %x, %f or %t", verb.letter);
  }
}

std::string padded(const Verb& verb, std::string value, const Json& given) {
  const auto width = static_cast<std::size_t>(verb.width);
  const auto have = display_width(value);
  if (have >= width) return value;
  if (verb.left) return value.append(width - have, ' ');
  const bool zeros = verb.zeros && given.is_number();
  const bool sign = zeros && (value.starts_with('-') || value.starts_with('+'));
  return value.insert(sign ? 1 : 0, width - have, zeros ? '0' : ' ');
}

}  // namespace

bool is_function(std::string_view name) {
  return std::ranges::find(k_functions, name, &FunctionRow::name) != k_functions.end();
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const auto& row : k_functions) names.push_back(row.name);
  return names;
}

Json call_function(std::string_view name, Arguments arguments) {
  const auto* row = std::ranges::find(k_functions, name, &FunctionRow::name);
  if (row == k_functions.end()) base::fail("there is no function '{}'", name);
  if (arguments.size() < row->least || arguments.size() > row->most)
    base::fail("{}: takes {}{} argument{}, not {}", name,
               row->most == k_any && row->least < row->most ? "at least "
               : row->least < row->most                     ? "at most "
                                                            : "",
               row->most == k_any ? row->least : row->most,
               row->most == 1 || (row->most == k_any && row->least == 1) ? "" : "s", arguments.size());
  return base::with_context(std::string{name}, [&] { return row->call(arguments); });
}

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !text_of(value).empty();
  return !value.empty();
}

std::string shown(const Json& value) {
  if (value.is_string()) return text_of(value);
  if (value.is_null()) return "<no value>";
  if (!value.is_structured()) return value.dump();
  std::string out = value.is_array() ? "[" : "{";
  for (const auto& part : value) {
    if (out.size() > 1) out += ' ';
    out += shown(part);
  }
  return out + (value.is_array() ? "]" : "}");
}

std::string format_values(std::string_view format, Arguments values) {
  std::string out;
  std::size_t used = 0;
  while (true) {
    const auto percent = format.find('%');
    out += format.substr(0, percent);
    if (percent == std::string_view::npos) break;
    format.remove_prefix(percent + 1);
    const Verb verb = take_verb(format);
    if (verb.letter == '%') {
      out += '%';
      continue;
    }
    if (used == values.size()) base::fail("there is no value for '%{}'", verb.letter);
    out += padded(verb, one_value(verb, values[used]), values[used]);
    ++used;
  }
  if (used != values.size())
    base::fail("{} of {} values have no place in the format", values.size() - used, values.size());
  return out;
}

}  // namespace compose::ui::templates
