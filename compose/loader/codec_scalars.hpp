#pragma once
// Codecs (see codec.hpp) of what is one word or number in YAML.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compose/loader/record.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

struct Text {  // a string; empty is left out
  static constexpr std::string_view kind = "a string";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::string>&);
  static bool write(const Writer&, const std::string&, model::Value&);
  static bool write(const Writer&, const std::optional<std::string>&, model::Value&);
};

struct TextOrNull : Text {
  static constexpr bool nullable = true;
  static constexpr std::string_view kind = "a string or null";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct ContainerName : Text {
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct PullPolicy : Text {
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct TextOrBoolean : Text {
  static constexpr std::string_view kind = "a string or a boolean";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

template <const auto& Words>
struct OneOf : Text {
  static constexpr std::string_view kind = "a word";
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::string& value);
};

struct Flag {  // true, false, and the words of YAML 1.1 in strings, with a warning
  static constexpr std::string_view kind = "a boolean";
  static void read(Reader&, const Node&, const KeyPath&, bool&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<bool>&);
  static bool write(const Writer&, bool, model::Value&);
  static bool write(const Writer&, const std::optional<bool>&, model::Value&);
};

struct StrictFlag : Flag {  // no strings
  static void read(Reader&, const Node&, const KeyPath&, bool&);
};

struct TrueFlag : Flag {  // printed when false, too
  static bool write(const Writer&, bool, model::Value&);
};

struct Integer {
  static constexpr std::string_view kind = "an integer";
  static void read(Reader&, const Node&, const KeyPath&, std::int64_t&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static void read(Reader&, const Node&, const KeyPath&, std::uint32_t&);
  static bool write(const Writer&, std::int64_t, model::Value&);
  static bool write(const Writer&, std::uint32_t, model::Value&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct ShownInteger : Integer {  // printed when 0, too
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct Number {
  static constexpr std::string_view kind = "a number";
  static void read(Reader&, const Node&, const KeyPath&, double&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<double>&);
  static bool write(const Writer&, double, model::Value&);
  static bool write(const Writer&, const std::optional<double>&, model::Value&);
};

struct PlainNumber : Number {  // strings are not numbers here
  static void read(Reader&, const Node&, const KeyPath&, double&);
};

struct ByteSize {  // "1.5g" or a count; printed as a quoted count
  static constexpr std::string_view kind = "a size in bytes";
  static void read(Reader&, const Node&, const KeyPath&, std::int64_t&);
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static bool write(const Writer&, std::int64_t, model::Value&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct ByteText : ByteSize {  // a string only
  static constexpr std::string_view kind = "a size such as '512m'";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

struct Count : Integer {  // not negative, printed when 0, too
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
  static bool write(const Writer&, const std::optional<std::int64_t>&, model::Value&);
};

struct TextOrInteger : Text {
  static constexpr std::string_view kind = "a string or an integer";
  static void read(Reader&, const Node&, const KeyPath&, std::string&);
};

struct DurationText {  // "1m30s"
  static constexpr std::string_view kind = "a duration";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::Duration>&);
  static bool write(const Writer&, const std::optional<model::Duration>&, model::Value&);
};

struct OctalMode {  // 0440, "0440"
  static constexpr std::string_view kind = "a file mode";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::FileMode>&);
  static bool write(const Writer&, const std::optional<model::FileMode>&, model::Value&);
};

struct PlainMode : OctalMode {  // printed as a number
  static bool write(const Writer&, const std::optional<model::FileMode>&, model::Value&);
};

struct Percent : Number {
  static void read(Reader&, const Node&, const KeyPath&, std::optional<double>&);
};

struct DeviceCount : ShownInteger {  // a number or "all"; without one it is all, so 0 has to be shown
  static constexpr std::string_view kind = "an integer or \"all\"";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

struct MountTypeWord {
  static constexpr std::string_view kind = "a word: bind, volume, tmpfs, image, cluster or npipe";
  static void read(Reader&, const Node&, const KeyPath&, model::MountType&);
  static bool write(const Writer&, const model::MountType&, model::Value&);
};

struct ConditionWord {
  static constexpr std::string_view kind =
      "a word: service_started, service_healthy or service_completed_successfully";
  static void read(Reader&, const Node&, const KeyPath&, model::DependencyCondition&);
  static bool write(const Writer&, const model::DependencyCondition&, model::Value&);
};

void read_one_of(Reader& reader, const Node& node, const KeyPath& path,
                 std::span<const std::string_view> words, std::string& value);

template <const auto& Words>
void OneOf<Words>::read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
  read_one_of(reader, node, path, Words, value);
}

}  // namespace compose::loader
