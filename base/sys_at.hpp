#pragma once
// System calls relative to a directory descriptor that never follow a link in the last component: what code
// uses that walks or writes trees made by strangers. `name` is one component unless a function says
// otherwise. Failure throws a SysError that names the call's purpose and `name`.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

#include "base/unique_fd.hpp"

namespace compose::base::sys {

struct ::stat stat_fd(int fd);
struct ::stat stat_at(int directory, const std::string& name);
std::optional<struct ::stat> stat_at_if_exists(int directory, const std::string& name);
std::string read_link_at(int directory, const std::string& name);
std::vector<std::string> list_at(int directory);  // names, sorted bytewise, without "." and ".."

void make_directory_at(int directory, const std::string& name, mode_t mode);
void make_symlink_at(const std::string& target, int directory, const std::string& name);
void make_node_at(int directory, const std::string& name, mode_t mode, dev_t device);
void make_hard_link_at(int from_directory, const std::string& from, int directory, const std::string& name);
bool remove_tree_at(int directory, const std::string& name);  // a file or a whole tree; false: there was none

void set_owner_at(int directory, const std::string& name, uid_t uid, gid_t gid);
void set_mode_at(int directory, const std::string& name, mode_t mode);  // not for links
void set_times_at(int directory, const std::string& name, const timespec& accessed, const timespec& modified);

using ExtendedAttributes = std::map<std::string, std::string>;
ExtendedAttributes extended_attributes(int fd);  // those of a file system without any: none
std::optional<std::string> extended_attribute(int fd, const char* name);
void set_extended_attribute(int fd, const std::string& name, std::string_view value);

}  // namespace compose::base::sys
