#include "images/build/dockerfile_check.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/similar.hpp"
#include "base/text.hpp"
#include "images/build/config_step.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/word_expansion.hpp"
#include "images/platform.hpp"
#include "images/reference.hpp"

namespace compose::images {
namespace {

using Variables = std::map<std::string, std::string>;

bool is_upper(const std::string& word) {
  return word == base::upper_case(word);
}
bool is_lower(const std::string& word) {
  return word == base::lower_case(word);
}

std::set<std::string> list_of(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    names.emplace(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

// "name_of_it" as its words.
std::set<std::string> words_of_name(const std::string& name) {
  std::set<std::string> words;
  std::string word;
  for (const char c : base::lower_case(name) + "_") {
    if (c != '_') {
      word += c;
      continue;
    }
    words.insert(std::move(word));
    word.clear();
  }
  return words;
}

bool sounds_secret(const std::string& name) {
  constexpr auto secrets = std::to_array<const char*>({"apikey", "auth", "credential", "credentials", "key",
                                                       "password", "passwd", "pword", "secret", "token"});
  constexpr auto harmless = std::to_array<const char*>({"public", "file", "version"});
  const auto words = words_of_name(name);
  const auto has = [&](const char* word) { return words.contains(word); };
  return std::ranges::any_of(secrets, has) && std::ranges::none_of(harmless, has);
}

// The names that a word asks for and nobody has set, and what becomes of it. A word that cannot be expanded
// is the build's to complain about.
struct Expanded {
  std::optional<std::string> text;
  std::set<std::string> unset;
  bool has_variables = false;
};
template <class Lookup>
Expanded expand_with(const std::string& word, char escape, bool is_heredoc, Lookup&& lookup) {
  Expanded result;
  const auto look_up = [&](std::string_view name) -> std::optional<std::string> {
    result.has_variables = true;
    auto value = lookup(std::string{name});
    if (!value) result.unset.emplace(name);
    return value;
  };
  try {
    result.text = is_heredoc ? expand_heredoc(word, look_up) : expand_word(word, look_up, escape);
  } catch (const base::Error&) {
    result.unset.clear();
  }
  return result;
}

struct Word {
  const std::string& text;
  bool is_heredoc = false;
};

// The words of an instruction in which variables are replaced.
class WordsOf {
 public:
  explicit WordsOf(std::vector<Word>& words) : words_(words) {}

  template <class Body>
  void operator()(const Body&) {}
  void operator()(const EnvInstruction& env) { add_pairs(env.variables); }
  void operator()(const LabelInstruction& label) { add_pairs(label.labels); }
  void operator()(const WorkdirInstruction& workdir) { add(workdir.path); }
  void operator()(const UserInstruction& user) { add(user.user); }
  void operator()(const StopSignalInstruction& stop) { add(stop.signal); }
  void operator()(const VolumeInstruction& volume) {
    for (const auto& path : volume.paths) add(path);
  }
  void operator()(const CopyInstruction& copy) {
    for (const auto& source : copy.sources)
      if (!source.starts_with("<<")) add(source);
    for (const auto* text : {&copy.destination, &copy.chown, &copy.chmod, &copy.checksum}) add(*text);
    for (const auto& pattern : copy.excludes) add(pattern);
    for (const auto& heredoc : copy.heredocs)
      if (heredoc.expand) words_.push_back({heredoc.content, true});
  }
  void operator()(const RunInstruction& run) {
    for (const auto& mount : run.mounts)
      for (const auto* text : {&mount.source, &mount.target, &mount.id}) add(*text);
  }

 private:
  void add(const std::string& text) { words_.push_back({text}); }
  void add_pairs(const std::vector<NameValue>& pairs) {
    for (const auto& [name, value] : pairs) {
      add(name);
      add(value);
    }
  }
  std::vector<Word>& words_;
};

// A stage as far as the check has come in it.
struct CheckedStage {
  std::string name;
  Variables variables;             // of ENV, and of ARG with a value
  std::set<std::string> declared;  // by ARG
  bool base_is_known = true;
  bool shell_is_set = false;
  bool workdir_is_set = false;
};

class Checker {
 public:
  Checker(const Dockerfile& dockerfile, const CheckSurroundings& surroundings)
      : dockerfile_(dockerfile),
        surroundings_(surroundings),
        settings_(settings_of(dockerfile, surroundings)) {}

  CheckReport run() {
    for (const int line : dockerfile_.empty_continuations)
      add("NoEmptyContinuation", "an empty line does not end what a line goes on with", line);
    for (const auto& instruction : dockerfile_.instructions) {
      current_ = &instruction;
      skipped_here_ = skipped_above(instruction);
      const bool is_from = std::holds_alternative<FromInstruction>(instruction.body);
      if (is_from || stages_.empty() || is_needed()) std::visit(*this, instruction.body);
    }
    skipped_here_.clear();
    check_casing();
    std::ranges::stable_sort(findings_, {}, &CheckFinding::line);
    const bool error = settings_.error && !findings_.empty();
    return {.findings = std::move(findings_), .error = error};
  }

  template <class Body>
  void operator()(const Body&) {
    check_variables();
  }

  void operator()(const FromInstruction& from) {
    check_stage_name(from);
    check_base(from);
    check_platform(from);
    begin_stage(from);
  }

  void operator()(const ArgInstruction& arg) {
    std::vector<std::string> names;
    for (const auto& [name, value] : arg.arguments) {
      names.push_back(name);
      if (stages_.empty())
        declare_globally(name, value);
      else
        declare(name, value);
    }
    check_description("ARG", names);
  }

  void operator()(const EnvInstruction& env) {
    check_legacy_pairs("ENV");
    for (const auto& [name, value] : env.variables)
      if (sounds_secret(name)) secret("ENV", name);
    check_variables();
    Variables values;
    for (const auto& [name, value] : env.variables)
      values[expand(name).text.value_or(name)] = expand(value).text.value_or("");
    for (auto& [name, value] : values) stage().variables[name] = value;
  }
  void operator()(const LabelInstruction&) {
    check_legacy_pairs("LABEL");
    check_variables();
  }
  void operator()(const CmdInstruction& cmd) {
    only_last_counts("CMD");
    recommend_list("CMD", cmd.command);
  }
  void operator()(const EntrypointInstruction& entrypoint) {
    only_last_counts("ENTRYPOINT");
    recommend_list("ENTRYPOINT", entrypoint.command);
  }
  void operator()(const HealthcheckInstruction&) { only_last_counts("HEALTHCHECK"); }
  void operator()(const ShellInstruction&) { stage().shell_is_set = true; }
  void operator()(const MaintainerInstruction&) {
    add("MaintainerDeprecated", "MAINTAINER is out of use: a label says the same");
  }
  void operator()(const WorkdirInstruction& workdir) {
    check_variables();
    const auto path = expand(workdir.path);
    const bool guess = !stage().base_is_known && !path.unset.empty();
    if (!stage().workdir_is_set && !guess && path.text && !path.text->starts_with('/'))
      add("WorkdirRelativePath",
          base::text("where '{}' is depends on the directory that the base image sets", workdir.path));
    stage().workdir_is_set = true;
  }
  void operator()(const ExposeInstruction& expose) {
    for (const auto& word : expose.ports)
      for (const auto& port : split_words(expand(word).text.value_or(""))) {
        const auto slash = port.find('/');
        if (slash != std::string::npos && !is_lower(port.substr(slash + 1)))
          add("ExposeProtoCasing", base::text("the protocol of '{}' should be in lower case", port));
        if (port.find(':') != std::string::npos)
          add("ExposeInvalidFormat",
              base::text("'{}' says where a container's port is published: an image has only the port",
                         port));
      }
  }
  void operator()(const CopyInstruction& copy) {
    check_variables();
    if (!copy.from.empty() || surroundings_.ignored.empty() || surroundings_.ignored.has_exceptions()) return;
    for (const auto& source : copy.sources) {
      const auto path = expand(source).text;
      if (!path || source.starts_with("<<") || path->find("://") != std::string::npos) continue;
      const auto inside = base::clean_path("/" + *path).substr(1);
      if (!inside.empty() && surroundings_.ignored.ignores(inside))
        add("CopyIgnoredFile", base::text("'{}' is not in the build context: .dockerignore hides it", *path));
    }
  }

 private:
  static CheckSettings settings_of(const Dockerfile& dockerfile, const CheckSurroundings& surroundings) {
    const auto given = surroundings.arguments.find("BUILDKIT_DOCKERFILE_CHECK");
    if (given != surroundings.arguments.end()) return parse_check_settings(given->second);
    return base::with_context(dockerfile.name,
                              [&] { return parse_check_settings(dockerfile.check_directive); });
  }

  // "# check=skip=Rule" above an instruction.
  static std::set<std::string> skipped_above(const Instruction& instruction) {
    for (const auto& comment : instruction.comments)
      if (comment.starts_with("check=")) {
        try {
          return parse_check_settings(comment.substr(6)).skipped;
        } catch (const base::Error&) {
          return {};  // a comment may say what it likes
        }
      }
    return {};
  }

  CheckedStage& stage() { return stages_.back(); }
  [[nodiscard]] bool is_needed() const {
    return !surroundings_.needed || surroundings_.needed->contains(stages_.size() - 1);
  }

  void add(const std::string& rule, const std::string& message) { add(rule, message, current_->line); }
  void add(const std::string& rule, const std::string& message, int line) {
    for (const auto* skipped : {&settings_.skipped, &skipped_here_})
      if (skipped->contains("all") || skipped->contains(rule)) return;
    findings_.push_back({.rule = rule, .message = message, .line = line});
  }

  // ---- variables ----

  Expanded expand(const std::string& word, bool is_heredoc = false) {
    const auto& variables = stage().variables;
    return expand_with(word, dockerfile_.escape, is_heredoc,
                       [&](const std::string& name) -> std::optional<std::string> {
                         const auto found = variables.find(name);
                         return found == variables.end() ? std::nullopt : std::optional{found->second};
                       });
  }

  static std::string suggestion(const std::string& name, const Variables& known, const char* sign) {
    std::vector<std::string_view> names;
    for (const auto& [other, value] : known) names.push_back(other);
    const auto near = base::nearest(name, names);
    return near.empty() ? std::string{} : base::text(", did you mean '{}{}'?", sign, near);
  }

  void report_unset(const std::set<std::string>& unset) {
    if (!stage().base_is_known) return;
    for (const auto& name : unset)
      if (!stage().declared.contains(name))
        add("UndefinedVar",
            base::text("nothing sets '${}'{}", name, suggestion(name, stage().variables, "$")));
  }

  void check_variables() {
    std::vector<Word> words;
    WordsOf visitor{words};
    std::visit(visitor, current_->body);
    std::set<std::string> unset;
    for (const auto& word : words) unset.merge(expand(word.text, word.is_heredoc).unset);
    report_unset(unset);
  }

  void declare_globally(const std::string& name, const std::optional<std::string>& value) {
    const auto expanded = [&](const Variables& known) {
      return expand_with(*value, dockerfile_.escape, false,
                         [&](const std::string& other) { return find(known, other); })
          .text.value_or("");
    };
    declared_globally_.insert(name);
    if (value) defaults_[name] = expanded(defaults_);
    if (const auto given = surroundings_.arguments.find(name); given != surroundings_.arguments.end())
      globals_[name] = given->second;
    else if (value)
      globals_[name] = expanded(globals_);
  }

  void declare(const std::string& name, const std::optional<std::string>& value) {
    if (sounds_secret(name)) secret("ARG", name);
    const auto given = surroundings_.arguments.find(name);
    if (given != surroundings_.arguments.end()) {
      stage().variables[name] = given->second;
    } else if (value) {
      const auto expanded = expand(*value);
      report_unset(expanded.unset);
      stage().variables[name] = expanded.text.value_or("");
    } else if (const auto known = find(globals_, name)) {
      stage().variables[name] = *known;
    }
    stage().declared.insert(name);
  }

  std::optional<std::string> find(const Variables& variables, const std::string& name) const {
    for (const auto* known : {&variables, &surroundings_.predefined})
      if (const auto found = known->find(name); found != known->end()) return found->second;
    return std::nullopt;
  }

  // ---- FROM ----

  void check_stage_name(const FromInstruction& from) {
    if (from.name.empty()) return;
    const auto words = split_words(written(current_->line));
    const auto as =
        std::ranges::find_if(words, [](const auto& word) { return base::lower_case(word) == "as"; });
    if (as != words.end() && words.end() - as == 2) {
      if (!is_lower(words.back()))
        add("StageNameCasing",
            base::text("the name of the stage '{}' should be in lower case", words.back()));
      const auto& keyword = words.front();
      const bool plain = is_lower(keyword) || is_upper(keyword);
      if (plain && !(is_lower(keyword) ? is_lower(*as) : is_upper(*as)))
        add("FromAsCasing", base::text("'{}' and '{}' should be in the same case", keyword, *as));
    }
    if (std::ranges::find(stages_, from.name, &CheckedStage::name) != stages_.end())
      add("DuplicateStageName",
          base::text("there is a stage '{}' already; this one counts from here on", from.name));
    if (from.name == "scratch" || from.name == "context")
      add("ReservedStageName", base::text("'{}' means something else than a stage", from.name));
    check_description("FROM", {from.name});
  }

  Expanded expand_global(const std::string& word, const Variables& values) {
    return expand_with(word, dockerfile_.escape, false,
                       [&](const std::string& name) { return find(values, name); });
  }

  void report_unset_in_from(const Expanded& expanded) {
    Variables known = surroundings_.predefined;
    for (const auto& name : declared_globally_) known[name];
    for (const auto& name : expanded.unset)
      if (!declared_globally_.contains(name))
        add("UndefinedArgInFrom",
            base::text("no ARG before the first FROM declares '{}'{}", name, suggestion(name, known, "")));
  }

  void check_base(const FromInstruction& from) {
    report_unset_in_from(expand_global(from.base, globals_));
    const auto by_default = expand_global(from.base, defaults_);
    if (!by_default.has_variables || !by_default.text) return;
    try {
      (void)parse_reference(*by_default.text);
    } catch (const base::Error&) {
      add("InvalidDefaultArgInFrom",
          base::text("without build arguments '{}' is '{}', which is no image", from.base, *by_default.text));
    }
  }

  void check_platform(const FromInstruction& from) {
    if (from.platform.empty()) return;
    const auto platform = expand_global(from.platform, globals_);
    report_unset_in_from(platform);
    if (from.platform == "$TARGETPLATFORM" || from.platform == "${TARGETPLATFORM}")
      add("RedundantTargetPlatform", base::text("the platform {} is what is taken anyway", from.platform));
    if (platform.has_variables || !platform.text) return;
    try {
      const auto parsed = parse_platform(*platform.text);
      const bool named = from.name.find(parsed.os) != std::string::npos ||
                         from.name.find(parsed.architecture) != std::string::npos;
      if (!named)
        add("FromPlatformFlagConstDisallowed",
            base::text("--platform={} is the same whatever is built for: a variable is not", *platform.text));
    } catch (const base::Error&) {
      // The build says it.
    }
  }

  void begin_stage(const FromInstruction& from) {
    last_in_stage_.clear();
    const auto wanted = base::lower_case(expand_global(from.base, globals_).text.value_or(""));
    const auto same = std::ranges::find(stages_.rbegin(), stages_.rend(), wanted, &CheckedStage::name);
    CheckedStage begun;
    if (same != stages_.rend() && !wanted.empty()) {
      begun = *same;
    } else if (wanted == "scratch") {
      begun.variables["PATH"] = k_default_path;
    } else {
      const auto config = surroundings_.base ? surroundings_.base(wanted) : std::nullopt;
      begun.base_is_known = config.has_value();
      begun.shell_is_set = config && !config->shell.empty();
      if (config) begun.variables["PATH"] = k_default_path;
      for (const auto& entry : config ? config->environment : std::vector<std::string>{})
        begun.variables[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
    }
    begun.name = from.name;
    stages_.push_back(std::move(begun));
  }

  // ---- the others ----

  [[nodiscard]] std::string written(int line) const {
    return dockerfile_.source.at(static_cast<std::size_t>(line) - 1);
  }
  // The keyword as it stands in the file.
  [[nodiscard]] std::string written_keyword(const Instruction& instruction) const {
    const auto line = written(instruction.line);
    const auto text = trim(line);
    return std::string{text.substr(0, text.find_first_of(" \t"))};
  }

  void check_description(const char* keyword, const std::vector<std::string>& names) {
    const auto& wanted = settings_.experimental;
    if (current_->comments.empty() || names.empty()) return;
    if (!wanted.contains("all") && !wanted.contains("InvalidDefinitionDescription")) return;
    const auto& comment = current_->comments.back();
    const auto first = comment.substr(0, comment.find(' '));
    if (comment.starts_with("check=") || std::ranges::find(names, first) != names.end()) return;
    add("InvalidDefinitionDescription",
        base::text(
            "what describes this {} should begin with '# {} ', and else be kept apart by an empty line",
            keyword, names.front()));
  }

  void secret(const char* keyword, const std::string& name) {
    add("SecretsUsedInArgOrEnv",
        base::text("{} '{}' stays readable in the image: RUN --mount=type=secret does not", keyword, name));
  }

  void check_legacy_pairs(const std::string& keyword) {
    const auto words = split_words(current_->text);
    if (words.size() > 1 && words[1].find('=') == std::string::npos)
      add("LegacyKeyValueFormat",
          base::text("{} name=value is the form to use, not '{}'", keyword, current_->text));
  }

  // The line is that of the one that does not count.
  void only_last_counts(const std::string& keyword) {
    const auto [last, is_first] = last_in_stage_.emplace(keyword, current_->line);
    if (is_first) return;
    add("MultipleInstructionsDisallowed", base::text("only the last {} of a stage counts", keyword),
        last->second);
    last->second = current_->line;
  }

  void recommend_list(const char* keyword, const Command& command) {
    if (command.shell_form && !stage().shell_is_set && !command.text.empty())
      add("JSONArgsRecommended",
          base::text("{} as a JSON list gets signals itself; this form gives them to a shell", keyword));
  }

  // The case that most keywords are in.
  void check_casing() {
    std::size_t upper = 0;
    std::size_t lower = 0;
    for (const auto& instruction : dockerfile_.instructions) {
      const auto word = written_keyword(instruction);
      upper += is_upper(word) ? 1U : 0U;
      lower += is_lower(word) ? 1U : 0U;
    }
    for (const auto& instruction : dockerfile_.instructions) {
      const auto word = written_keyword(instruction);
      if (upper >= lower ? is_upper(word) : is_lower(word)) continue;
      add("ConsistentInstructionCasing",
          base::text("'{}' should be in {} case like the others", word, upper >= lower ? "upper" : "lower"),
          instruction.line);
    }
  }

  const Dockerfile& dockerfile_;
  const CheckSurroundings& surroundings_;
  CheckSettings settings_;
  std::set<std::string> skipped_here_;
  const Instruction* current_ = nullptr;
  std::vector<CheckFinding> findings_;
  std::set<std::string> declared_globally_;
  Variables globals_;   // ARG before the first FROM, as it is built
  Variables defaults_;  // and as it is without build arguments
  std::vector<CheckedStage> stages_;
  std::map<std::string, int> last_in_stage_;  // lines by keyword
};

}  // namespace

CheckSettings parse_check_settings(std::string_view text) {
  CheckSettings settings;
  text = trim(text);
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const auto field = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = field.find('=');
    const auto key = trim(field.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::string_view{} : trim(field.substr(equals + 1));
    const bool is_flag = base::lower_case(value) == "true" || base::lower_case(value) == "false" ||
                         value == "1" || value == "0";
    if (key == "skip" && equals != std::string_view::npos) {
      settings.skipped = list_of(value);
    } else if (key == "experimental" && equals != std::string_view::npos) {
      settings.experimental = list_of(value);
    } else if (key == "error" && is_flag) {
      settings.error = base::lower_case(value) == "true" || value == "1";
    } else {
      base::fail("check '{}': must be skip=..., experimental=... or error=true", field);
    }
  }
  return settings;
}

CheckReport check_dockerfile(const Dockerfile& dockerfile, const CheckSurroundings& surroundings) {
  return Checker{dockerfile, surroundings}.run();
}

}  // namespace compose::images
