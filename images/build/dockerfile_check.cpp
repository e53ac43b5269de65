#include "images/build/dockerfile_check.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "images/build/dockerfile_lexer.hpp"

namespace compose::images {
namespace {

// The keyword as it stands in the file.
std::string written_keyword(const Dockerfile& dockerfile, const Instruction& instruction) {
  const auto line = trim(dockerfile.source.at(static_cast<std::size_t>(instruction.line) - 1));
  return std::string{line.substr(0, line.find_first_of(" \t"))};
}

bool is_upper(const std::string& word) {
  return word == upper_case(word);
}
bool is_lower(const std::string& word) {
  return word == lower_case(word);
}

bool sounds_secret(const std::string& name) {
  static const std::set<std::string> words{"apikey",   "auth",   "credential", "credentials", "key",
                                           "password", "passwd", "pword",      "secret",      "token"};
  bool secret = false;
  std::string word;
  for (const char c : lower_case(name) + "_") {
    if (c != '_') {
      word += c;
      continue;
    }
    if (word == "public") return false;
    secret = secret || words.contains(word);
    word.clear();
  }
  return secret;
}

class Checker {
 public:
  explicit Checker(const Dockerfile& dockerfile) : dockerfile_(dockerfile) { read_directive(); }

  std::vector<CheckFinding> run() {
    for (const auto& instruction : dockerfile_.instructions) {
      current_ = &instruction;
      std::visit(*this, instruction.body);
    }
    check_casing();
    std::ranges::stable_sort(findings_, {}, &CheckFinding::line);
    return std::move(findings_);
  }

  template <class Body>
  void operator()(const Body&) {}

  void operator()(const FromInstruction& from) {
    last_in_stage_.clear();
    workdir_is_known_ = false;
    const auto words = split_words(written_line());
    const auto as = std::ranges::find_if(words, [](const auto& word) { return lower_case(word) == "as"; });
    if (!from.name.empty() && as != words.end() && words.end() - as == 2) {
      if (!is_lower(words.back()))
        add("StageNameCasing",
            base::text("the name of the stage '{}' should be in lower case", words.back()));
      if (is_upper(words.front()) != is_upper(*as))
        add("FromAsCasing", base::text("'{}' and '{}' should be in the same case", words.front(), *as));
    }
    if (!from.name.empty() && !stage_names_.insert(from.name).second)
      add("DuplicateStageName",
          base::text("there is a stage '{}' already; this one counts from here on", from.name));
    if (from.name == "scratch" || from.name == "context")
      add("ReservedStageName", base::text("'{}' means something else than a stage", from.name));
    if (from.platform == "$TARGETPLATFORM" || from.platform == "${TARGETPLATFORM}")
      add("RedundantTargetPlatform", base::text("the platform {} is what is taken anyway", from.platform));
    for (const auto& name : variables_in(from.base))
      if (!global_.contains(name))
        add("UndefinedArgInFrom", base::text("no ARG before the first FROM declares '{}'", name));
    in_stage_ = true;
  }
  void operator()(const ArgInstruction& arg) {
    for (const auto& [name, value] : arg.arguments) {
      if (!in_stage_) global_.insert(name);
      if (sounds_secret(name)) secret("ARG", name);
    }
  }
  void operator()(const EnvInstruction& env) {
    check_legacy_pairs("ENV");
    for (const auto& [name, value] : env.variables)
      if (sounds_secret(name)) secret("ENV", name);
  }
  void operator()(const LabelInstruction&) { check_legacy_pairs("LABEL"); }
  void operator()(const CmdInstruction& cmd) {
    only_last_counts("CMD");
    recommend_list("CMD", cmd.command);
  }
  void operator()(const EntrypointInstruction& entrypoint) {
    only_last_counts("ENTRYPOINT");
    recommend_list("ENTRYPOINT", entrypoint.command);
  }
  void operator()(const HealthcheckInstruction&) { only_last_counts("HEALTHCHECK"); }
  void operator()(const ShellInstruction&) { shell_is_wanted_ = true; }
  void operator()(const MaintainerInstruction&) {
    add("MaintainerDeprecated", "MAINTAINER is out of use: a label says the same");
  }
  void operator()(const WorkdirInstruction& workdir) {
    const bool absolute =
        workdir.path.starts_with('/') || workdir.path.starts_with('$') || workdir.path.starts_with("\"/");
    if (!absolute && !workdir_is_known_)
      add("WorkdirRelativePath",
          base::text("where '{}' is depends on the directory that the base image sets", workdir.path));
    workdir_is_known_ = workdir_is_known_ || absolute;
  }

 private:
  [[nodiscard]] std::string written_line() const {
    return dockerfile_.source.at(static_cast<std::size_t>(current_->line) - 1);
  }

  void add(const std::string& rule, const std::string& message) { add(rule, message, current_->line); }
  void add(const std::string& rule, const std::string& message, int line) {
    if (!skip_all_ && !skipped_.contains(rule))
      findings_.push_back({.rule = rule, .message = message, .line = line});
  }

  // skip=Rule,Rule;error=true
  void read_directive() {
    std::string_view rest = dockerfile_.check_directive;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      auto field = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!field.starts_with("skip=")) continue;
      field.remove_prefix(5);
      while (!field.empty()) {
        const auto comma = std::min(field.find(','), field.size());
        skipped_.emplace(trim(field.substr(0, comma)));
        field.remove_prefix(std::min(comma + 1, field.size()));
      }
    }
    skip_all_ = skipped_.contains("all");
  }

  static std::vector<std::string> variables_in(std::string_view text) {
    std::vector<std::string> names;
    for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
      auto rest = text.substr(at + 1);
      if (rest.starts_with('{')) rest.remove_prefix(1);
      const auto end =
          rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
      const std::string name{rest.substr(0, end)};
      if (!name.empty() && !name.starts_with("TARGET") && !name.starts_with("BUILD")) names.push_back(name);
    }
    return names;
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

  void only_last_counts(const std::string& keyword) {
    if (!last_in_stage_.insert(keyword).second)
      add("MultipleInstructionsDisallowed", base::text("only the last {} of a stage counts", keyword));
  }

  void recommend_list(const char* keyword, const Command& command) {
    if (command.shell_form && !shell_is_wanted_ && !command.text.empty())
      add("JSONArgsRecommended",
          base::text("{} as a JSON list gets signals itself; this form gives them to a shell", keyword));
  }

  // The case that most keywords are in.
  void check_casing() {
    std::size_t upper = 0;
    std::size_t lower = 0;
    for (const auto& instruction : dockerfile_.instructions) {
      const auto word = written_keyword(dockerfile_, instruction);
      upper += is_upper(word) ? 1U : 0U;
      lower += is_lower(word) ? 1U : 0U;
    }
    for (const auto& instruction : dockerfile_.instructions) {
      const auto word = written_keyword(dockerfile_, instruction);
      if (upper >= lower ? is_upper(word) : is_lower(word)) continue;
      add("ConsistentInstructionCasing",
          base::text("'{}' should be in {} case like the others", word, upper >= lower ? "upper" : "lower"),
          instruction.line);
    }
  }

  const Dockerfile& dockerfile_;
  const Instruction* current_ = nullptr;
  std::vector<CheckFinding> findings_;
  std::set<std::string> skipped_;
  std::set<std::string> global_;
  std::set<std::string> stage_names_;
  std::set<std::string> last_in_stage_;
  bool skip_all_ = false;
  bool in_stage_ = false;
  bool shell_is_wanted_ = false;
  bool workdir_is_known_ = false;
};

}  // namespace

std::vector<CheckFinding> check_dockerfile(const Dockerfile& dockerfile) {
  return Checker{dockerfile}.run();
}

}  // namespace compose::images
