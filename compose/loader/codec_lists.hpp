#pragma once
// Codecs (see codec.hpp) of lists and maps of text.
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "compose/loader/record.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

struct TextList {
  static constexpr std::string_view kind = "a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
  static bool write(const Writer&, const model::Strings&, model::Value&);
};

struct UniqueTextList : TextList {  // equal entries are a mistake
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct NonEmptyTextList : UniqueTextList {  // empty entries do not count
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct UniqueTextOrNumberList : TextList {
  static constexpr std::string_view kind = "a list of strings or numbers";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct TextOrNumberList : TextList {
  static constexpr std::string_view kind = "a list of strings or numbers";
  static void read(Reader&, const Node&, const KeyPath&, model::Strings&);
};

struct CommandLine {  // a string (split into words), a list, or null
  static constexpr bool nullable = true;
  static constexpr std::string_view kind = "a string or a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, model::Command&);
  static bool write(const Writer&, const model::Command&, model::Value&);
};

struct ServiceCommand : CommandLine {  // JSON says null where the image decides
  static bool write(const Writer&, const model::Command&, model::Value&);
};

struct HealthTest {
  static constexpr std::string_view kind = "a string or a list of strings";
  static void read(Reader&, const Node&, const KeyPath&, std::optional<model::Strings>&);
  static bool write(const Writer&, const std::optional<model::Strings>&, model::Value&);
};

struct KeyValues {  // KEY -> text; scalars become text, null is empty
  static constexpr std::string_view kind = "a mapping or a list of KEY=value";
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
  static bool write(const Writer&, const model::StringMap&, model::Value&);
};

struct TextMap : KeyValues {  // plain map of strings and numbers
  static constexpr std::string_view kind = "a mapping";
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
};

struct Variables {  // KEY -> text or nothing
  static constexpr std::string_view kind = "a mapping or a list of KEY=value";
  static void read(Reader&, const Node&, const KeyPath&, model::Environment&);
  static bool write(const Writer&, const model::Environment&, model::Value&);
};

struct HostAddresses {
  static constexpr std::string_view kind = "a mapping or a list of host=address";
  using Hosts = std::map<std::string, model::Strings>;
  static void read(Reader&, const Node&, const KeyPath&, Hosts&);
  static bool write(const Writer&, const Hosts&, model::Value&);
};

struct Contexts : KeyValues {  // every name has a value
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
};

struct ProviderOptions {
  static constexpr std::string_view kind = "a mapping";
  using Options = std::map<std::string, model::Strings>;
  static void read(Reader&, const Node&, const KeyPath&, Options&);
  static bool write(const Writer&, const Options&, model::Value&);
};

struct UlimitMap {
  static constexpr std::string_view kind = "a mapping";
  static void read(Reader&, const Node&, const KeyPath&, model::Ulimits&);
  static bool write(const Writer&, const model::Ulimits&, model::Value&);
};

}  // namespace compose::loader
