#include "compose/loader/codec_scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "base/units.hpp"

namespace compose::loader {

namespace {

constexpr auto k_yes = std::to_array<std::string_view>({"y", "yes", "on"});
constexpr auto k_no = std::to_array<std::string_view>({"n", "no", "off"});
constexpr auto k_mount_types =
    std::to_array<std::string_view>({"bind", "volume", "tmpfs", "cluster", "npipe", "image"});
constexpr auto k_conditions =
    std::to_array<std::string_view>({"service_started", "service_healthy", "service_completed_successfully"});

constexpr auto k_pull_policies = std::to_array<std::string_view>(
    {"always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"});

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_container_name(std::string_view name) {
  return name.size() > 1 && is_alphanumeric(name[0]) && std::ranges::all_of(name, [](char c) {
           return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
         });
}

// ", not 'ü'": the first character that no container name has.
std::string wrong_character(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_alphanumeric(c) || ((c == '_' || c == '.' || c == '-') && i > 0)) continue;
    std::size_t end = i + 1;
    while (end < name.size() && (name[end] & '\xC0') == '\x80') ++end;
    return base::text(", not '{}'", name.substr(i, end - i));
  }
  return {};
}

// A word, or every_<number><unit>, repeated: every_1d12h
bool is_pull_policy(std::string_view policy) {
  if (std::ranges::find(k_pull_policies, policy) != k_pull_policies.end()) return true;
  if (!policy.starts_with("every_")) return false;
  policy.remove_prefix(std::string_view{"every_"}.size());
  if (policy.empty()) return false;
  while (!policy.empty()) {
    const auto unit = std::ranges::find_if_not(policy, is_digit) - policy.begin();
    const auto length = static_cast<std::size_t>(unit);
    if (length == 0 || length == policy.size() ||
        std::string_view{"wdhms"}.find(policy[length]) == std::string_view::npos)
      return false;
    policy.remove_prefix(length + 1);
  }
  return true;
}

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads through the non-optional form of a codec.
template <class Codec, class T>
void read_optional(Reader& reader, const Node& node, const KeyPath& path, std::optional<T>& value) {
  if (!node.is(Kind::null)) Codec::read(reader, node, path, value.emplace());
}

template <std::size_t N>
std::optional<std::size_t> position(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<std::size_t>(found - words.begin());
}

std::string alternatives(std::span<const std::string_view> words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) all += i + 1 == words.size() ? " or " : ", ";
    all += base::text("'{}'", words[i]);
  }
  return all;
}

void not_among(Reader& reader, const Node& node, const KeyPath& path,
               std::span<const std::string_view> words) {
  reader.fail(
      node, path,
      base::text("must be {}, not '{}'{}", alternatives(words), node.text, suggestion(node.text, words)));
}

}  // namespace

// ---- text ----

void Text::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  if (!node.is(Kind::string)) return reader.expect(node, path, "a string");
  value = node.text;
}

void Text::read(Reader& reader, const Node& node, const KeyPath& path, std::optional<std::string>& value) {
  read(reader, node, path, value.emplace());
}

bool Text::write(const Writer&, const std::string& value, model::Value& out) {
  out = value;
  return !value.empty();
}

bool Text::write(const Writer&, const std::optional<std::string>& value, model::Value& out) {
  if (!value || value->empty()) return false;
  out = *value;
  return true;
}

void TextOrNull::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  if (!node.is(Kind::null)) Text::read(reader, node, path, value);
}

void ContainerName::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  Text::read(reader, node, path, value);
  if (node.is(Kind::string) && !is_container_name(value))
    reader.fail(
        node, path,
        base::text("'{}' must be two or more of a-z, A-Z, 0-9, '_', '.' and '-', the first one a letter or "
                   "a digit{}",
                   value, wrong_character(value)));
}

void PullPolicy::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  Text::read(reader, node, path, value);
  if (!node.is(Kind::string) || is_pull_policy(value)) return;
  reader.fail(node, path,
              base::text("must be {} or 'every_<time>', not '{}'{}", alternatives(k_pull_policies), value,
                         suggestion(value, k_pull_policies)));
}

void TextOrInteger::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  if (!node.is(Kind::string) && !node.is(Kind::integer))
    return reader.expect(node, path, "a string or an integer");
  value = scalar_text(node);
}

void TextOrBoolean::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  if (!node.is(Kind::string) && !node.is(Kind::boolean))
    return reader.expect(node, path, "a string or a boolean");
  value = scalar_text(node);
}

void read_one_of(Reader& reader, const Node& node, const KeyPath& path,
                 std::span<const std::string_view> words, std::string& value) {
  if (!node.is(Kind::string)) return reader.expect(node, path, "a string");
  if (std::ranges::find(words, node.text) == words.end()) return not_among(reader, node, path, words);
  value = node.text;
}

// ---- booleans ----

void Flag::read(Reader& reader, const Node& node, const KeyPath& path, bool& value) {
  if (node.is(Kind::boolean)) {
    value = node.integer != 0;
    return;
  }
  if (!node.is(Kind::string)) return reader.expect(node, path, "a boolean");
  const auto word = base::lower_case(node.text);
  if (word == "true" || word == "false") {
    value = word == "true";
  } else if (position(k_yes, word) || position(k_no, word)) {
    value = position(k_yes, word).has_value();
    reader.warn(node.mark, base::text("\"{}\" for boolean is not supported by YAML 1.2, please use `{}`",
                                      node.text, value));
  } else {
    reader.fail(node, path, base::text("invalid boolean '{}', write true or false", node.text));
  }
}

void Flag::read(Reader& reader, const Node& node, const KeyPath& path, std::optional<bool>& value) {
  read_optional<Flag>(reader, node, path, value);
}

bool Flag::write(const Writer&, bool value, model::Value& out) {
  out = value;
  return value;
}

bool Flag::write(const Writer&, const std::optional<bool>& value, model::Value& out) {
  if (value) out = *value;
  return value.has_value();
}

void StrictFlag::read(Reader& reader, const Node& node, const KeyPath& path, bool& value) {
  if (!node.is(Kind::boolean)) return reader.expect(node, path, "a boolean");
  value = node.integer != 0;
}

bool TrueFlag::write(const Writer&, bool value, model::Value& out) {
  out = value;
  return true;
}

// ---- numbers ----

void Integer::read(Reader& reader, const Node& node, const KeyPath& path, std::int64_t& value) {
  if (node.is(Kind::integer)) {
    value = node.integer;
  } else if (node.is(Kind::floating) && std::trunc(node.floating) == node.floating &&
             std::abs(node.floating) < 9e15) {
    value = static_cast<std::int64_t>(node.floating);
  } else if (node.is(Kind::string)) {
    const auto number = whole_number<std::int64_t>(node.text);
    if (!number) return reader.fail(node, path, base::text("invalid integer '{}'", node.text));
    value = *number;
  } else {
    reader.expect(node, path, "an integer");
  }
}

void Integer::read(Reader& reader, const Node& node, const KeyPath& path,
                   std::optional<std::int64_t>& value) {
  read_optional<Integer>(reader, node, path, value);
}

void Integer::read(Reader& reader, const Node& node, const KeyPath& path, std::uint32_t& value) {
  std::int64_t number = 0;
  read(reader, node, path, number);
  if (number < 0 || number > 65'535)
    return reader.fail(node, path, base::text("must be between 1 and 65535, not {}", number));
  value = static_cast<std::uint32_t>(number);
}

bool Integer::write(const Writer&, std::int64_t value, model::Value& out) {
  out = value;
  return value != 0;
}

bool Integer::write(const Writer& writer, std::uint32_t value, model::Value& out) {
  return write(writer, std::int64_t{value}, out);
}

bool Integer::write(const Writer& writer, const std::optional<std::int64_t>& value, model::Value& out) {
  return value && write(writer, *value, out);
}

bool ShownInteger::write(const Writer&, const std::optional<std::int64_t>& value, model::Value& out) {
  if (value) out = *value;
  return value.has_value();
}

void Number::read(Reader& reader, const Node& node, const KeyPath& path, double& value) {
  if (node.is(Kind::integer)) {
    value = static_cast<double>(node.integer);
  } else if (node.is(Kind::floating)) {
    value = node.floating;
  } else if (node.is(Kind::string)) {
    const auto number = whole_number<double>(node.text);
    if (!number || !std::isfinite(*number))
      return reader.fail(node, path, base::text("invalid number '{}'", node.text));
    value = *number;
  } else {
    reader.expect(node, path, "a number");
  }
}

void Number::read(Reader& reader, const Node& node, const KeyPath& path, std::optional<double>& value) {
  read_optional<Number>(reader, node, path, value);
}

bool Number::write(const Writer&, double value, model::Value& out) {
  const bool whole = std::trunc(value) == value && std::abs(value) < 9e15;
  out = whole ? model::Value{static_cast<std::int64_t>(value)} : model::Value{value};
  return value != 0;
}

bool Number::write(const Writer& writer, const std::optional<double>& value, model::Value& out) {
  return value && write(writer, *value, out);
}

void Count::read(Reader& reader, const Node& node, const KeyPath& path, std::optional<std::int64_t>& value) {
  Integer::read(reader, node, path, value);
  if (value.value_or(0) < 0) reader.fail(node, path, base::text("must not be negative, not {}", *value));
}

bool Count::write(const Writer& writer, const std::optional<std::int64_t>& value, model::Value& out) {
  return ShownInteger::write(writer, value, out);
}

void PlainNumber::read(Reader& reader, const Node& node, const KeyPath& path, double& value) {
  if (!node.is(Kind::integer) && !node.is(Kind::floating)) return reader.expect(node, path, "a number");
  Number::read(reader, node, path, value);
}

void Percent::read(Reader& reader, const Node& node, const KeyPath& path, std::optional<double>& value) {
  std::int64_t percent = 0;
  Integer::read(reader, node, path, percent);
  if (percent < 0 || percent > 100)
    reader.fail(node, path, base::text("must be between 0 and 100, not {}", percent));
  value = static_cast<double>(percent);
}

void DeviceCount::read(Reader& reader, const Node& node, const KeyPath& path,
                       std::optional<std::int64_t>& value) {
  if (node.is(Kind::string) && node.text == "all") {
    value = -1;
    return;
  }
  Integer::read(reader, node, path, value);
}

// ---- units ----

void ByteSize::read(Reader& reader, const Node& node, const KeyPath& path, std::int64_t& value) {
  if (!node.is(Kind::integer) && !node.is(Kind::string))
    return reader.expect(node, path, "a size in bytes or a string such as '512m'");
  const auto bytes = node.is(Kind::integer) ? std::optional{node.integer} : base::parse_bytes(node.text);
  constexpr std::int64_t unlimited = -1;
  if (!bytes || *bytes < unlimited) {
    const auto spelling = node.is(Kind::integer) ? std::to_string(node.integer) : node.text;
    return reader.fail(node, path, base::text("invalid size '{}', write 512m or 2g", spelling));
  }
  value = *bytes;
}

void ByteSize::read(Reader& reader, const Node& node, const KeyPath& path,
                    std::optional<std::int64_t>& value) {
  read_optional<ByteSize>(reader, node, path, value);
}

bool ByteSize::write(const Writer&, std::int64_t value, model::Value& out) {
  out = std::to_string(value);
  return value != 0;
}

bool ByteSize::write(const Writer& writer, const std::optional<std::int64_t>& value, model::Value& out) {
  return value && write(writer, *value, out);
}

void ByteText::read(Reader& reader, const Node& node, const KeyPath& path,
                    std::optional<std::int64_t>& value) {
  if (!node.is(Kind::string)) return reader.expect(node, path, "a string such as '512m'");
  ByteSize::read(reader, node, path, value);
}

void DurationText::read(Reader& reader, const Node& node, const KeyPath& path,
                        std::optional<model::Duration>& value) {
  if (node.is(Kind::null)) return;
  if (!node.is(Kind::string)) return reader.expect(node, path, "a duration such as '1m30s'");
  const auto duration = base::parse_duration(node.text);
  if (!duration)
    return reader.fail(node, path, base::text("invalid duration '{}', write 90s or 1m30s", node.text));
  value = *duration;
}

bool DurationText::write(const Writer&, const std::optional<model::Duration>& value, model::Value& out) {
  if (value) out = base::format_duration(*value);
  return value.has_value();
}

void OctalMode::read(Reader& reader, const Node& node, const KeyPath& path,
                     std::optional<model::FileMode>& value) {
  if (node.is(Kind::null)) return;
  if (node.is(Kind::integer) && node.integer >= 0 && node.integer <= 07777) {
    value = {static_cast<std::uint32_t>(node.integer)};
  } else if (node.is(Kind::string)) {
    std::uint32_t bits = 0;
    std::string_view digits = node.text;
    if (digits.starts_with("0o")) digits.remove_prefix(2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 8);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || bits > 07777)
      return reader.fail(node, path, base::text("invalid file mode '{}', write 0440", node.text));
    value = {bits};
  } else {
    reader.expect(node, path, "a file mode such as 0440");
  }
}

bool OctalMode::write(const Writer&, const std::optional<model::FileMode>& value, model::Value& out) {
  if (!value) return false;
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value->bits, 8).ptr;
  out = "0" + std::string(digits, end);
  return true;
}

bool PlainMode::write(const Writer&, const std::optional<model::FileMode>& value, model::Value& out) {
  if (value) out = static_cast<std::int64_t>(value->bits);
  return value.has_value();
}

// ---- words with a type of their own ----

void MountTypeWord::read(Reader& reader, const Node& node, const KeyPath& path, model::MountType& value) {
  if (!node.is(Kind::string)) return reader.expect(node, path, "a string");
  const auto index = position(k_mount_types, node.text);
  if (!index) return not_among(reader, node, path, k_mount_types);
  value = static_cast<model::MountType>(*index);
}

bool MountTypeWord::write(const Writer&, const model::MountType& value, model::Value& out) {
  out = std::string{k_mount_types[static_cast<std::size_t>(value)]};
  return true;
}

void ConditionWord::read(Reader& reader, const Node& node, const KeyPath& path,
                         model::DependencyCondition& value) {
  if (!node.is(Kind::string)) return reader.expect(node, path, "a string");
  const auto index = position(k_conditions, node.text);
  if (!index) return not_among(reader, node, path, k_conditions);
  value = static_cast<model::DependencyCondition>(*index);
}

bool ConditionWord::write(const Writer&, const model::DependencyCondition& value, model::Value& out) {
  out = std::string{k_conditions[static_cast<std::size_t>(value)]};
  return true;
}

}  // namespace compose::loader
