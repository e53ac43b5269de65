#include "images/build/git_source.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path.hpp"
#include "base/sys.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/root_view.hpp"
#include "images/host_tool.hpp"
#include "images/registry/base64.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;

constexpr std::size_t k_commit_digits = 40;
constexpr std::size_t k_commit_digits_sha256 = 64;

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool is_whole_commit(std::string_view text) {
  return is_hex(text) && (text.size() == k_commit_digits || text.size() == k_commit_digits_sha256);
}

// user@host:path, the form of scp; a path or "scheme://" has a slash before the colon.
bool is_scp_form(std::string_view text) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  return colon != std::string_view::npos && at != std::string_view::npos && at > 0 && at < colon &&
         text.substr(0, colon).find('/') == std::string_view::npos && !text.substr(colon).starts_with("://");
}

bool is_repository(std::string_view place) {
  if (place.starts_with("git://") || place.starts_with("ssh://") || place.starts_with("github.com/"))
    return true;
  if (place.starts_with("http://") || place.starts_with("https://"))
    return place.ends_with(".git") || place.ends_with(".git/");
  return is_scp_form(place);
}

bool query_bool(const std::string& name, const std::string& value) {
  if (value.empty() || value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  fail("{} must be true or false, not '{}'", name, value);
}

void take_query_field(GitAddress& address, const std::string& name, const std::string& value) {
  if (name == "ref" || name == "branch" || name == "tag") {
    const std::string prefix = name == "branch" ? "refs/heads/" : name == "tag" ? "refs/tags/" : "";
    address.ref = value.starts_with("refs/") ? value : prefix + value;
  } else if (name == "subdir") {
    address.directory = value;
  } else if (name == "checksum" || name == "commit") {
    address.checksum = value;
  } else if (name == "keep-git-dir") {
    address.keep_git_directory = query_bool(name, value);
  } else if (name == "submodules") {
    address.submodules = query_bool(name, value);
  } else {
    fail("the query of a git repository has no '{}'", name);
  }
}

void take_query(GitAddress& address, std::string_view query) {
  for (std::size_t at = 0; at <= query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto field = query.substr(at, end - at);
    const auto equals = std::min(field.find('='), field.size());
    if (!field.empty())
      take_query_field(address, std::string{field.substr(0, equals)},
                       std::string{field.substr(std::min(equals + 1, field.size()))});
    at = end + 1;
  }
}

std::string clean_directory(const std::string& directory) {
  return base::clean_path("/" + directory).substr(1);
}

// A secret from a file ends in a newline that is no part of it.
std::string trim_lines(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

// "https://host:port".
std::string origin_of(const std::string& repository) {
  const auto host = repository.find("://") + 3;
  return repository.substr(0, std::min(repository.find('/', host), repository.size()));
}

// ---- git ----

class Git {
 public:
  Git(const GitAddress& address, const GitAccess& access, std::optional<HostPath> directory = std::nullopt)
      : program_(find_program("git")), directory_(std::move(directory)) {
    if (!program_) fail("it takes git, and 'git' is not in the PATH");
    for (auto& entry : own_environment())
      if (!entry.starts_with("GIT_") || entry.starts_with("GIT_SSH") || entry.starts_with("GIT_SSL"))
        environment_.push_back(std::move(entry));
    environment_.emplace_back("GIT_TERMINAL_PROMPT=0");
    environment_.emplace_back("LC_ALL=C");
    const bool has_ssh = std::ranges::any_of(
        environment_, [](const auto& entry) { return entry.starts_with("GIT_SSH_COMMAND="); });
    if (!has_ssh) environment_.emplace_back("GIT_SSH_COMMAND=ssh -o BatchMode=yes");
    if (!access.agent.empty()) {
      std::erase_if(environment_, [](const auto& entry) { return entry.starts_with("SSH_AUTH_SOCK="); });
      environment_.push_back("SSH_AUTH_SOCK=" + access.agent);
    }
    if (!access.authorization.empty()) {  // not among the arguments, which all of the host may read
      environment_.emplace_back("GIT_CONFIG_COUNT=1");
      environment_.push_back(
          base::text("GIT_CONFIG_KEY_0=http.{}/.extraHeader", origin_of(address.repository)));
      environment_.push_back("GIT_CONFIG_VALUE_0=Authorization: " + access.authorization);
    }
  }

  // nullopt: it failed, and errors() tells why.
  std::optional<std::string> try_to(const std::vector<std::string>& arguments) {
    auto result = run_tool(*program_, arguments, environment_, directory_);
    errors_ = result.errors.empty() ? "git " + result.status.describe() : result.errors;
    if (!result.status.success()) return std::nullopt;
    while (result.output.ends_with('\n')) result.output.pop_back();
    return result.output;
  }
  std::string run(const std::vector<std::string>& arguments) {
    auto output = try_to(arguments);
    if (!output) fail("{}", errors_);
    return *output;
  }

 private:
  std::optional<HostPath> program_;
  std::optional<HostPath> directory_;
  std::vector<std::string> environment_;
  std::string errors_;
};

// One commit is enough where the server can give it away alone and by that name. Servers of mere files
// cannot, and others know no commit that is not the end of a branch: then everything is fetched.
std::string fetch_commit(Git& git, const GitAddress& address) {
  const auto wanted = address.ref.empty() ? std::string{"HEAD"} : address.ref;
  if (git.try_to({"fetch", "-q", "--no-tags", "--depth=1", "--", address.repository, wanted}))
    return git.run({"rev-parse", "--verify", "FETCH_HEAD^{commit}"});
  if (!is_hex(wanted)) {
    git.run({"fetch", "-q", "--", address.repository, wanted});
    return git.run({"rev-parse", "--verify", "FETCH_HEAD^{commit}"});
  }
  git.run({"fetch", "-q", "--", address.repository, "+refs/heads/*:refs/remotes/origin/*",
           "+refs/tags/*:refs/tags/*"});
  return git.run({"rev-parse", "--verify", wanted + "^{commit}"});
}

void check_commit(const std::string& commit, const std::string& wanted) {
  if (!commit.starts_with(wanted)) fail("it is commit {} and should be {}", commit, wanted);
}

// What is below `inside` becomes what is in `directory`.
void keep_only(const HostPath& directory, const std::string& inside) {
  const RootView root{base::sys::open(directory, O_PATH | O_DIRECTORY)};
  const auto resolved = root.resolve(inside);
  const auto status = root.stat(resolved);
  if (!status || !S_ISDIR(status->st_mode)) fail("there is no directory '{}' in it", inside);
  const HostPath aside{directory.str() + ".kept"};
  base::sys::rename(directory / resolved, aside);
  base::sys::remove_tree(directory);
  base::sys::rename(aside, directory);
}

}  // namespace

std::optional<GitAddress> parse_git_address(std::string_view text) {
  const auto hash = std::min(text.find('#'), text.size());
  const auto question = std::min(text.substr(0, hash).find('?'), hash);
  const auto place = text.substr(0, question);
  if (!is_repository(place)) return std::nullopt;
  GitAddress address{.repository = std::string{place}};
  if (place.starts_with("github.com/")) address.repository.insert(0, "https://");
  if (question < hash) take_query(address, text.substr(question + 1, hash - question - 1));
  if (hash < text.size()) {
    const auto fragment = text.substr(hash + 1);
    const auto colon = std::min(fragment.find(':'), fragment.size());
    if (colon > 0) address.ref = fragment.substr(0, colon);
    if (colon < fragment.size()) address.directory = fragment.substr(colon + 1);
  }
  address.directory = clean_directory(address.directory);
  if (address.ref.starts_with('-')) fail("'{}' is not the name of a branch, a tag or a commit", address.ref);
  return address;
}

GitAccess git_access(const GitAddress& address, const std::map<std::string, std::string>& ssh,
                     const std::map<std::string, std::string>& secrets) {
  GitAccess access;
  if (const auto agent = ssh.find("default"); agent != ssh.end()) access.agent = agent->second;
  if (!address.repository.starts_with("http://") && !address.repository.starts_with("https://"))
    return access;
  const auto origin = origin_of(address.repository);
  const auto server = "." + origin.substr(origin.find("://") + 3);
  const auto without_port = server.substr(0, server.rfind(':'));
  for (const auto& suffix : {server, without_port, std::string{}}) {
    if (const auto header = secrets.find("GIT_AUTH_HEADER" + suffix); header != secrets.end()) {
      access.authorization = trim_lines(header->second);
      return access;
    }
    if (const auto token = secrets.find("GIT_AUTH_TOKEN" + suffix); token != secrets.end()) {
      access.authorization = "Basic " + base64_encode("x-access-token:" + trim_lines(token->second));
      return access;
    }
  }
  return access;
}

std::string resolve_git_ref(const GitAddress& address, const GitAccess& access) {
  return base::with_context(base::text("git repository '{}'", address.repository), [&]() -> std::string {
    if (is_whole_commit(address.ref)) return address.ref;
    if (is_whole_commit(address.checksum) && address.ref.empty()) return address.checksum;
    Git git{address, access};
    const auto wanted = address.ref.empty() ? std::string{"HEAD"} : address.ref;
    const auto lines = git.run({"ls-remote", "--", address.repository, wanted, wanted + "^{}"});
    std::map<std::string, std::string> by_name;
    for (std::string_view rest = lines; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto words = split_words(rest.substr(0, end));
      if (words.size() == 2) by_name[words[1]] = words[0];
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    // In the order in which git itself takes a name apart; what a tag stands for before the tag.
    for (const std::string prefix : {"", "refs/", "refs/tags/", "refs/heads/"})
      for (const std::string suffix : {"^{}", ""})
        if (const auto found = by_name.find(prefix + wanted + suffix); found != by_name.end())
          return found->second;
    if (!is_hex(wanted)) fail("it has no '{}'", wanted);
    return "";
  });
}

std::string fetch_git(const GitAddress& address, const HostPath& directory, bool keep_git_directory,
                      const GitAccess& access) {
  return base::with_context(base::text("git repository '{}'", address.repository), [&] {
    Git git{address, access, directory};
    git.run({"-c", "init.defaultBranch=main", "init", "-q"});
    git.run({"remote", "add", "origin", address.repository});
    const auto commit = fetch_commit(git, address);
    check_commit(commit, address.checksum);
    git.run({"-c", "advice.detachedHead=false", "checkout", "-q", commit});
    if (address.submodules && base::sys::exists(directory / ".gitmodules"))
      git.run({"submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"});
    const bool keep = address.keep_git_directory.value_or(keep_git_directory);
    if (!keep) base::sys::remove_tree(directory / ".git");
    if (!address.directory.empty()) keep_only(directory, address.directory);
    return commit;
  });
}

}  // namespace compose::images
