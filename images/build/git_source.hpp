#pragma once
// Git repositories as build contexts and as sources of ADD, fetched with the host's git. Addresses are those
// that BuildKit takes (docs.docker.com/build/concepts/context, "Git repositories"):
//
//   https://host/path/repository.git[#ref[:directory]]     http too; the path ends in .git
//   git://host/path[#...]   ssh://[user@]host/path[#...]   user@host:path[#...]   github.com/owner/name[#...]
//   ...?ref=main&subdir=docs&checksum=0123abc&keep-git-dir=true&submodules=false   instead of the fragment
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/path.hpp"

namespace compose::images {

struct GitAddress {
  std::string repository;  // what git is given
  std::string ref;         // branch, tag, "refs/..." or commit; empty: what HEAD is there
  std::string directory;   // below the repository's root; empty: all of it
  std::string checksum;    // the commit must begin so; empty: any
  std::optional<bool> keep_git_directory;
  bool submodules = true;
  bool operator==(const GitAddress&) const = default;
};

// With what a repository is asked for, besides what this host's git and ssh know by themselves.
struct GitAccess {
  std::string agent;          // socket of an ssh agent; empty: the one of the environment
  std::string authorization;  // for HTTP: the value of the header; empty: none
  bool operator==(const GitAccess&) const = default;
};

// `ssh` "default", and the secrets that BuildKit takes: GIT_AUTH_HEADER, or GIT_AUTH_TOKEN for the user
// x-access-token; with ".host" or ".host:port" behind its name a secret is for that server alone, and comes
// first.
[[nodiscard]] GitAccess git_access(const GitAddress& address, const std::map<std::string, std::string>& ssh,
                                   const std::map<std::string, std::string>& secrets);

// nullopt: it is not the address of a git repository. Error: it is, with a query that is not known.
[[nodiscard]] std::optional<GitAddress> parse_git_address(std::string_view text);

// The commit that the address means now, asked of its server; "" when only fetching will tell (a part of a
// commit's name).
[[nodiscard]] std::string resolve_git_ref(const GitAddress& address, const GitAccess& access = {});

// The files of the commit (`ref`, by name or in full) into `directory`, which is empty: what is below
// `address.directory` of them. Returns the commit. Error where the host has no git, with git's own words
// otherwise.
std::string fetch_git(const GitAddress& address, const base::HostPath& directory, bool keep_git_directory,
                      const GitAccess& access = {});

}  // namespace compose::images
