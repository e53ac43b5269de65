// Logical lines become typed instructions: one function per keyword, found through a table.
#include "images/build/dockerfile.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/similar.hpp"
#include "base/text.hpp"
#include "images/build/dockerfile_lexer.hpp"

namespace compose::images {
namespace {

using base::fail;

// What one instruction's parser works on; complaints throw without the place, which parse_line() puts in
// front.
struct Source {
  const LogicalLine& line;
  char escape;
  std::string rest;  // without flags
  std::vector<NameValue> flags;

  [[nodiscard]] std::vector<std::string> words() const { return split_words(rest); }
  void need_arguments() const {
    if (rest.empty()) fail("{} needs an argument", line.keyword);
  }
};

std::optional<std::vector<std::string>> json_list(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('[')) return std::nullopt;
  const auto json = base::Json::parse(text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> list;
  for (const auto& element : json) {
    if (!element.is_string()) return std::nullopt;
    list.push_back(element.get<std::string>());
  }
  return list;
}

Command parse_command(std::string_view text) {
  if (auto argv = json_list(text)) return Command{.shell_form = false, .argv = std::move(*argv)};
  return Command{.text = std::string{text}};
}

std::vector<std::string> list_or_words(const Source& source) {
  if (auto list = json_list(source.rest)) return std::move(*list);
  return source.words();
}

// ---- flags ----

// Takes "--name[=value]" words off the front. The instruction's own parser says which it knows.
std::vector<NameValue> take_flags(std::string& rest) {
  std::vector<NameValue> flags;
  while (rest.starts_with("--")) {
    const auto end = std::min(rest.size(), rest.find_first_of(" \t"));
    const auto flag = rest.substr(2, end - 2);
    rest = trim(std::string_view{rest}.substr(end));
    if (flag.empty()) break;
    const auto equals = flag.find('=');
    flags.emplace_back(flag.substr(0, equals),
                       equals == std::string::npos ? "\x01" : flag.substr(equals + 1));
  }
  return flags;
}

bool is_bare(const std::string& value) {
  return value == "\x01";
}

std::string flag_value(const NameValue& flag) {
  if (is_bare(flag.second)) fail("the flag --{} needs a value", flag.first);
  return flag.second;
}

bool flag_bool(const NameValue& flag) {
  const auto& value = flag.second;
  if (is_bare(value) || value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  fail("the flag --{} must be true or false, not '{}'", flag.first, value);
}

[[noreturn]] void unknown_flag(const Source& source, const std::string& name) {
  fail("{} has no flag --{}", source.line.keyword, name);
}

void no_flags(const Source& source) {
  if (!source.flags.empty()) unknown_flag(source, source.flags.front().first);
}

// ---- one function per keyword ----

InstructionBody parse_from(const Source& source) {
  FromInstruction from;
  for (const auto& flag : source.flags) {
    if (flag.first != "platform") unknown_flag(source, flag.first);
    from.platform = flag_value(flag);
  }
  const auto words = source.words();
  if (words.size() != 1 && !(words.size() == 3 && base::lower_case(words[1]) == "as"))
    fail("FROM needs an image and may have a name: FROM <image> [AS <name>]");
  from.base = words[0];
  if (words.size() == 3) {
    from.name = base::lower_case(words[2]);
    const auto inside = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    if (from.name[0] < 'a' || from.name[0] > 'z' || !std::ranges::all_of(from.name, inside))
      fail("the stage name '{}' must be a letter followed by letters, digits, '-', '_' and '.'", words[2]);
  }
  return from;
}

// k=v k2="v 2", or the old form with one blank: k v.
std::vector<NameValue> parse_pairs(const Source& source) {
  source.need_arguments();
  const auto words = split_quoted_words(source.rest, source.escape);
  std::vector<NameValue> pairs;
  if (words[0].find('=') == std::string::npos) {
    const auto blank = source.rest.find_first_of(" \t");
    if (blank == std::string::npos)
      fail("{} needs a name and a value: {} <name>=<value>", source.line.keyword, source.line.keyword);
    pairs.emplace_back(source.rest.substr(0, blank), trim(std::string_view{source.rest}.substr(blank)));
    return pairs;
  }
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) fail("'{}' must be <name>=<value>", word);
    if (equals == 0) fail("'{}' has no name before '='", word);
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

InstructionBody parse_env(const Source& source) {
  no_flags(source);
  return EnvInstruction{parse_pairs(source)};
}
InstructionBody parse_label(const Source& source) {
  no_flags(source);
  return LabelInstruction{parse_pairs(source)};
}

InstructionBody parse_arg(const Source& source) {
  no_flags(source);
  source.need_arguments();
  ArgInstruction arg;
  for (const auto& word : split_quoted_words(source.rest, source.escape)) {
    const auto equals = word.find('=');
    if (equals == 0) fail("'{}' has no name before '='", word);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    arg.arguments.emplace_back(word.substr(0, equals), std::move(value));
  }
  return arg;
}

void copy_flag(const Source& source, const NameValue& flag, CopyInstruction& copy) {
  const auto& name = flag.first;
  if (name == "chown") {
    copy.chown = flag_value(flag);
  } else if (name == "chmod") {
    copy.chmod = flag_value(flag);
  } else if (name == "link") {
    copy.link = flag_bool(flag);
  } else if (name == "exclude") {
    copy.excludes.push_back(flag_value(flag));
  } else if (name == "from" && !copy.is_add) {
    copy.from = flag_value(flag);
  } else if (name == "parents" && !copy.is_add) {
    copy.parents = flag_bool(flag);
  } else if (name == "unpack" && copy.is_add) {
    copy.unpack = flag_bool(flag);
  } else if (name == "checksum" && copy.is_add) {
    copy.checksum = flag_value(flag);
  } else if (name == "keep-git-dir" && copy.is_add) {
    copy.keep_git_directory = flag_bool(flag);
  } else {
    unknown_flag(source, name);
  }
}

InstructionBody parse_copy(const Source& source) {
  CopyInstruction copy{.is_add = source.line.keyword == "ADD", .heredocs = source.line.heredocs};
  for (const auto& flag : source.flags) copy_flag(source, flag, copy);
  auto words = list_or_words(source);
  if (words.size() < 2) fail("{} needs a source and a destination", source.line.keyword);
  copy.destination = std::move(words.back());
  words.pop_back();
  copy.sources = std::move(words);
  if (copy.sources.size() + copy.heredocs.size() > 1 && copy.sources.size() > 1 &&
      !copy.destination.ends_with('/') && copy.destination.find('$') == std::string::npos &&
      copy.destination != ".")
    fail("with more than one source the destination '{}' must end with '/'", copy.destination);
  return copy;
}

bool mount_bool(const std::string& key, const std::string& value) {
  if (value == "\x01" || value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  fail("RUN --mount: '{}' must be true or false, not '{}'", key, value);
}

void mount_option(RunMount& mount, const std::string& key, const std::string& value) {
  const std::array<std::pair<std::string_view, std::string RunMount::*>, 15> texts = {
      {{"type", &RunMount::type},
       {"id", &RunMount::id},
       {"from", &RunMount::from},
       {"source", &RunMount::source},
       {"src", &RunMount::source},
       {"target", &RunMount::target},
       {"dst", &RunMount::target},
       {"destination", &RunMount::target},
       {"env", &RunMount::env},
       {"size", &RunMount::size},
       {"mode", &RunMount::mode},
       {"uid", &RunMount::uid},
       {"gid", &RunMount::gid},
       {"sharing", &RunMount::sharing},
       {"", nullptr}}};
  const std::array<std::pair<std::string_view, bool RunMount::*>, 5> flags = {
      {{"required", &RunMount::required},
       {"ro", &RunMount::read_only},
       {"readonly", &RunMount::read_only},
       {"rw", &RunMount::writable},
       {"readwrite", &RunMount::writable}}};
  for (const auto& [name, member] : texts) {
    if (name != key || member == nullptr) continue;
    if (is_bare(value)) fail("RUN --mount: '{}' needs a value", key);
    mount.*member = value;
    return;
  }
  for (const auto& [name, member] : flags) {
    if (name != key) continue;
    mount.*member = mount_bool(key, value);
    return;
  }
  fail("RUN --mount has no option '{}'", key);
}

RunMount parse_mount(const std::string& text) {
  RunMount mount;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto option = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const auto equals = option.find('=');
    mount_option(mount, base::lower_case(option.substr(0, equals)),
                 equals == std::string_view::npos ? "\x01" : std::string{option.substr(equals + 1)});
  }
  constexpr std::array known = {"bind", "cache", "tmpfs", "secret", "ssh"};
  if (std::ranges::find(known, mount.type) == known.end())
    fail("RUN --mount: the type '{}' is not known", mount.type);
  if (mount.sharing != "shared" && mount.sharing != "locked" && mount.sharing != "private")
    fail("RUN --mount: sharing must be shared, locked or private, not '{}'", mount.sharing);
  if (mount.target.empty() && mount.type != "secret" && mount.type != "ssh")
    fail("RUN --mount=type={} needs a target", mount.type);
  return mount;
}

InstructionBody parse_run(const Source& source) {
  RunInstruction run{.heredocs = source.line.heredocs};
  for (const auto& flag : source.flags) {
    if (flag.first == "mount") {
      run.mounts.push_back(parse_mount(flag_value(flag)));
    } else if (flag.first == "network") {
      run.network = flag_value(flag);
      if (run.network != "default" && run.network != "none" && run.network != "host")
        fail("RUN --network must be default, none or host, not '{}'", run.network);
    } else if (flag.first == "security") {
      if (flag_value(flag) != "sandbox" && flag.second != "insecure")
        fail("RUN --security must be sandbox or insecure, not '{}'", flag.second);
      run.privileged = flag.second == "insecure";
    } else {
      unknown_flag(source, flag.first);
    }
  }
  source.need_arguments();
  run.command = parse_command(source.rest);
  if (!run.command.shell_form && run.command.argv.empty()) fail("RUN needs a command");
  return run;
}

InstructionBody parse_cmd(const Source& source) {
  no_flags(source);
  return CmdInstruction{parse_command(source.rest)};
}
InstructionBody parse_entrypoint(const Source& source) {
  no_flags(source);
  return EntrypointInstruction{parse_command(source.rest)};
}

InstructionBody parse_shell(const Source& source) {
  no_flags(source);
  auto argv = json_list(source.rest);
  if (!argv || argv->empty()) fail("SHELL needs a JSON list: SHELL [\"/bin/sh\", \"-c\"]");
  return ShellInstruction{std::move(*argv)};
}

InstructionBody parse_healthcheck(const Source& source) {
  HealthcheckInstruction health;
  const std::array<std::pair<std::string_view, std::string HealthcheckInstruction::*>, 5> known = {
      {{"interval", &HealthcheckInstruction::interval},
       {"timeout", &HealthcheckInstruction::timeout},
       {"start-period", &HealthcheckInstruction::start_period},
       {"start-interval", &HealthcheckInstruction::start_interval},
       {"retries", &HealthcheckInstruction::retries}}};
  for (const auto& flag : source.flags) {
    const auto found = std::ranges::find(known, flag.first, [](const auto& entry) { return entry.first; });
    if (found == known.end()) unknown_flag(source, flag.first);
    health.*(found->second) = flag_value(flag);
  }
  source.need_arguments();
  const auto end = std::min(source.rest.size(), source.rest.find_first_of(" \t"));
  const auto kind = base::upper_case(source.rest.substr(0, end));
  const auto command = trim(std::string_view{source.rest}.substr(end));
  if (kind == "NONE" && command.empty()) {
    health.none = true;
    return health;
  }
  if (kind != "CMD") fail("HEALTHCHECK needs CMD or NONE, not '{}'", source.rest.substr(0, end));
  if (command.empty()) fail("HEALTHCHECK CMD needs a command");
  health.command = parse_command(command);
  return health;
}

template <class Body>
InstructionBody parse_text(const Source& source) {
  no_flags(source);
  source.need_arguments();
  return Body{source.rest};
}
template <class Body>
InstructionBody parse_list(const Source& source) {
  no_flags(source);
  source.need_arguments();
  return Body{list_or_words(source)};
}

InstructionBody parse_onbuild(const Source& source) {
  source.need_arguments();
  const auto keyword = base::upper_case(source.rest.substr(0, source.rest.find_first_of(" \t")));
  if (keyword == "ONBUILD" || keyword == "FROM" || keyword == "MAINTAINER")
    fail("ONBUILD {} is not allowed", keyword);
  if (!source.line.heredocs.empty()) fail("a heredoc cannot stand in ONBUILD");
  (void)parse_instruction(source.rest, "ONBUILD", source.escape);
  return OnBuildInstruction{source.rest};
}

using Parser = InstructionBody (*)(const Source&);
constexpr std::array<std::pair<std::string_view, Parser>, 18> k_parsers = {
    {{"FROM", parse_from},
     {"ARG", parse_arg},
     {"ENV", parse_env},
     {"LABEL", parse_label},
     {"COPY", parse_copy},
     {"ADD", parse_copy},
     {"RUN", parse_run},
     {"CMD", parse_cmd},
     {"ENTRYPOINT", parse_entrypoint},
     {"SHELL", parse_shell},
     {"HEALTHCHECK", parse_healthcheck},
     {"WORKDIR", parse_text<WorkdirInstruction>},
     {"USER", parse_text<UserInstruction>},
     {"EXPOSE", parse_list<ExposeInstruction>},
     {"VOLUME", parse_list<VolumeInstruction>},
     {"STOPSIGNAL", parse_text<StopSignalInstruction>},
     {"ONBUILD", parse_onbuild},
     {"MAINTAINER", parse_text<MaintainerInstruction>}}};

Instruction parse_line(const LogicalLine& line, char escape, const std::string& where) {
  return base::with_context(where, [&] {
    const auto found =
        std::ranges::find(k_parsers, line.keyword, [](const auto& entry) { return entry.first; });
    if (found == k_parsers.end()) {
      std::vector<std::string_view> known;
      for (const auto& [keyword, parser] : k_parsers) known.push_back(keyword);
      const auto near = base::nearest(line.keyword, known);
      fail("unknown instruction '{}'{}", line.keyword,
           near.empty() ? "" : base::text(", did you mean '{}'?", near));
    }
    Source source{.line = line, .escape = escape, .rest = line.rest};
    const bool has_flags = line.keyword != "CMD" && line.keyword != "ENTRYPOINT" && line.keyword != "ONBUILD";
    if (has_flags) source.flags = take_flags(source.rest);
    return Instruction{.line = line.line,
                       .last_line = line.last_line,
                       .text = line.keyword + (line.rest.empty() ? "" : " " + line.rest),
                       .comments = line.comments,
                       .body = found->second(source)};
  });
}

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, const std::string& name) {
  auto lexed = lex_dockerfile(text, name);
  Dockerfile dockerfile{.name = name,
                        .escape = lexed.escape,
                        .source = std::move(lexed.source),
                        .warnings = std::move(lexed.warnings),
                        .check_directive = std::move(lexed.check_directive),
                        .empty_continuations = std::move(lexed.empty_continuations)};
  bool in_stage = false;
  for (const auto& line : lexed.lines) {
    const auto where = base::text("{}:{}", name, line.line);
    in_stage = in_stage || line.keyword == "FROM";
    dockerfile.instructions.push_back(parse_line(line, lexed.escape, where));
    if (!in_stage && line.keyword != "ARG")
      fail("{}: {} before the first FROM: only ARG may stand there", where, line.keyword);
  }
  if (!in_stage) fail("{}: no FROM: there is nothing to build", name);
  return dockerfile;
}

Instruction parse_instruction(std::string_view text, const std::string& where, char escape) {
  const auto trimmed = trim(text);
  const auto end = std::min(trimmed.size(), trimmed.find_first_of(" \t"));
  const LogicalLine line{.line = 0,
                         .keyword = base::upper_case(trimmed.substr(0, end)),
                         .rest = std::string{trim(trimmed.substr(end))}};
  return parse_line(line, escape, where);
}

}  // namespace compose::images
