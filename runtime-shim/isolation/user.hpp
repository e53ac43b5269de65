#pragma once
// Who a container's process is: "user[:group]" resolved in the container's own /etc/passwd and /etc/group.
// Digits are a number and never a name; numbers end at 2^31-1. The files are the image's and not trusted:
// regular, at most 16 MiB.
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace compose::rt {

struct ResolvedUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary, the primary one first
  std::string home = "/";
  bool operator==(const ResolvedUser&) const = default;
};

struct UserFiles {
  std::string passwd;
  std::string group;
};

// Pure. Error: "user 'x' is not in the container's /etc/passwd", "user number '4294967296' is out of range"
// ...
ResolvedUser resolve_user(std::string_view user, std::span<const std::string> extra_groups,
                          const UserFiles& files);

// The two files below `root` (a descriptor of the container's root directory); empty where there is none.
UserFiles read_user_files(int root);

}  // namespace compose::rt
