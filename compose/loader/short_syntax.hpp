#pragma once
// The small languages inside strings: ports, mounts, devices, commands, hosts. Pure functions from text to
// values; an Error says what is wrong with the text, the caller knows where it stands.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace compose::loader {

// [[IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]; ranges of equal length give one binding for each pair.
struct PortBinding {
  std::string host_ip;
  std::string published;  // "", "8080" or, for one container port, "8000-8010"
  std::uint32_t target = 0;
  std::string protocol;
  bool operator==(const PortBinding&) const = default;
};
std::vector<PortBinding> parse_port(std::string_view spec);

bool is_ip_address(std::string_view text);

// TARGET or SOURCE:TARGET[:options]
struct ShortMount {
  std::string type;  // bind, volume, npipe
  std::string source;
  std::string target;
  bool read_only = false;
  bool nocopy = false;
  std::string selinux;
  std::string propagation;
  std::string consistency;
  bool operator==(const ShortMount&) const = default;
};
ShortMount parse_mount(std::string_view spec);

// HOST[:CONTAINER[:rwm]]; CDI names (vendor/class=name) stay whole.
struct ShortDevice {
  std::string source;
  std::string target;
  std::string permissions;
  bool operator==(const ShortDevice&) const = default;
};
ShortDevice parse_device(std::string_view spec);

// name:address or name=address; IPv6 addresses may be in brackets.
struct ShortHost {
  std::string name;
  std::string address;
  bool operator==(const ShortHost&) const = default;
};
ShortHost parse_host(std::string_view spec);
std::string without_brackets(std::string_view address);

// A command line into words by quoting rules, without expansion. No shell runs: the words end at an unquoted
// ; & | < >, and `cut_at` tells where (npos: nowhere).
struct Words {
  std::vector<std::string> words;
  std::size_t cut_at = std::string_view::npos;
};
Words split_words(std::string_view line);

}  // namespace compose::loader
