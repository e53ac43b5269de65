#pragma once
// Codecs (see codec.hpp) of words and lists of words that have a form of their own: addresses, signals,
// capabilities and the like. What no container could be started with is refused where it stands. Empty text
// means: not given.
#include <string>
#include <string_view>

#include "compose/loader/codec_lists.hpp"
#include "compose/loader/codec_scalars.hpp"

namespace compose::loader {

// What is wrong with the text and what would be right; "" where nothing is.
namespace complain {
std::string address(std::string_view text);          // 10.0.0.5, fd00::5
std::string host_address(std::string_view text);     // an address, or host-gateway
std::string device_access(std::string_view text);    // rwm
std::string device_rule(std::string_view text);      // c 1:3 rwm
std::string exposed_port(std::string_view text);     // 8080, 8000-8010/udp
std::string security_option(std::string_view text);  // no-new-privileges:true
std::string ipv4_address(std::string_view text);
std::string ipv6_address(std::string_view text);
std::string capability(std::string_view text);         // NET_ADMIN, cap_net_admin, ALL
std::string container_path(std::string_view text);     // /data
std::string tmpfs(std::string_view text);              // /run, /run:size=64m
std::string cpu_set(std::string_view text);            // 0-3, 0,2
std::string mac_address(std::string_view text);        // 02:42:ac:11:00:02
std::string platform(std::string_view text);           // linux/amd64, linux/arm/v7, arm64
std::string published_port(std::string_view text);     // 8080, 8000-8010
std::string port_protocol(std::string_view text);      // tcp, udp
std::string restart(std::string_view text);            // on-failure:3
std::string restart_condition(std::string_view text);  // on-failure
std::string signal(std::string_view text);             // SIGTERM, term, 15
std::string network_mode(std::string_view text);       // host, service:db
std::string ipc_mode(std::string_view text);
std::string namespace_mode(std::string_view text);  // pid, uts
}  // namespace complain

template <auto Complain, class Base = Text>
struct Word : Base {
  static void read(Reader& reader, const Node& node, const KeyPath& path, std::string& value) {
    Base::read(reader, node, path, value);
    if (value.empty()) return;
    if (const auto complaint = Complain(value); !complaint.empty()) reader.fail(node, path, complaint);
  }
};

template <auto Complain, class Base = UniqueTextList>
struct WordList : Base {
  static void read(Reader& reader, const Node& node, const KeyPath& path, model::Strings& value) {
    Base::read(reader, node, path, value);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = node.items[i];
      if (!item.is(Kind::string) || item.broken || item.text.empty()) continue;
      if (const auto complaint = Complain(item.text); !complaint.empty())
        reader.fail(item, KeyPath{path, i}, complaint);
    }
  }
};

struct MemoryLimit : ByteSize {  // 0 and -1: none
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

struct MemoryLimitText : ByteText {
  static void read(Reader&, const Node&, const KeyPath&, std::optional<std::int64_t>&);
};

struct KernelParameters : KeyValues {  // of the container's own namespaces
  static void read(Reader&, const Node&, const KeyPath&, model::StringMap&);
};

}  // namespace compose::loader
