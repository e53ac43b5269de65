#include "net/dns/dns_sockets.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::net::dns {

using base::UniqueFd;
namespace sys = base::sys;

namespace {

constexpr std::uint16_t k_dns_port = 53;
// Where the sockets are bound when a program leads port 53 to them. It must be one that no server in a
// container wants; IANA has assigned port 4 to nobody, and the kernel never chooses it for a client.
constexpr std::uint16_t k_unassigned_port = 4;
constexpr int k_backlog = 256;
constexpr int k_receive_buffer = 1 << 20;  // a burst of queries waits here while the shim does something else

// bpf(2): a descriptor, or nothing where the kernel refuses.
UniqueFd bpf(int command, bpf_attr& attributes) noexcept {
  return UniqueFd{static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes))};
}

std::uint64_t pointer(const void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p);
}

constexpr bpf_insn instruction(int code, int destination, int source, int offset, int immediate) {
  return {static_cast<__u8>(code), static_cast<__u8>(destination & 15), static_cast<__u8>(source & 15),
          static_cast<__s16>(offset), immediate};
}

// if (local_port == 53 && local_ip4 == 127.0.0.11) assign(sockets[protocol == TCP]); return SK_PASS;
std::array<bpf_insn, 25> redirect_program(int socket_map) {
  constexpr int load_u32 = BPF_LDX | BPF_MEM | BPF_W;
  constexpr int move = BPF_ALU64 | BPF_MOV;
  constexpr int call = BPF_JMP | BPF_CALL;
  constexpr int address = 0x0b00007f;  // 127.0.0.11 as it is in memory on a little-endian machine
  return {{instruction(move | BPF_X, 6, 1, 0, 0),
           instruction(load_u32, 2, 6, offsetof(bpf_sk_lookup, local_port), 0),
           instruction(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 20, k_dns_port),
           instruction(load_u32, 2, 6, offsetof(bpf_sk_lookup, local_ip4), 0),
           instruction(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 18, address),
           instruction(load_u32, 2, 6, offsetof(bpf_sk_lookup, protocol), 0),
           instruction(move | BPF_K, 3, 0, 0, 0),
           instruction(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 1, IPPROTO_TCP),
           instruction(move | BPF_K, 3, 0, 0, 1),
           instruction(BPF_STX | BPF_MEM | BPF_W, 10, 3, -4, 0),
           instruction(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, socket_map),
           instruction(0, 0, 0, 0, 0),  // the upper half of the 64-bit load
           instruction(move | BPF_X, 2, 10, 0, 0),
           instruction(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
           instruction(call, 0, 0, 0, BPF_FUNC_map_lookup_elem),
           instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7, 0),
           instruction(move | BPF_X, 7, 0, 0, 0),
           instruction(move | BPF_X, 1, 6, 0, 0),
           instruction(move | BPF_X, 2, 7, 0, 0),
           instruction(move | BPF_K, 3, 0, 0, 0),
           instruction(call, 0, 0, 0, BPF_FUNC_sk_assign),
           instruction(move | BPF_X, 1, 7, 0, 0),
           instruction(call, 0, 0, 0, BPF_FUNC_sk_release),
           instruction(move | BPF_K, 0, 0, 0, SK_PASS),
           instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)}};
}

UniqueFd map_of_sockets(int udp, int tcp) noexcept {
  bpf_attr create{};
  create.map_type = BPF_MAP_TYPE_SOCKMAP;
  create.key_size = sizeof(std::uint32_t);
  create.value_size = sizeof(std::uint32_t);
  create.max_entries = 2;
  UniqueFd map = bpf(BPF_MAP_CREATE, create);
  if (!map) return {};
  const std::uint32_t sockets[] = {static_cast<std::uint32_t>(udp), static_cast<std::uint32_t>(tcp)};
  for (std::uint32_t key = 0; key < 2; ++key) {
    bpf_attr update{};
    update.map_fd = static_cast<std::uint32_t>(map.get());
    update.key = pointer(&key);
    update.value = pointer(&sockets[key]);
    if (::syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof update) != 0) return {};
  }
  return map;
}

// The link is what keeps the program, the program the map, and the map the sockets.
UniqueFd attach_redirect(int netns, int udp, int tcp) noexcept {
  const UniqueFd map = map_of_sockets(udp, tcp);
  if (!map) return {};
  const auto program_text = redirect_program(map.get());
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_SK_LOOKUP;
  load.expected_attach_type = BPF_SK_LOOKUP;
  load.insns = pointer(program_text.data());
  load.insn_cnt = program_text.size();
  load.license = pointer("GPL");
  const UniqueFd program = bpf(BPF_PROG_LOAD, load);
  if (!program) return {};
  bpf_attr link{};
  link.link_create.prog_fd = static_cast<std::uint32_t>(program.get());
  link.link_create.target_fd = static_cast<std::uint32_t>(netns);
  link.link_create.attach_type = BPF_SK_LOOKUP;
  return bpf(BPF_LINK_CREATE, link);
}

UniqueFd bound_socket(int type, std::uint16_t port) {
  UniqueFd socket = sys::make_socket(AF_INET, type | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, k_resolver_address, &address.sin_addr);
  base::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind {}:{}",
              k_resolver_address, port);
  return socket;
}

DnsSockets open_at_port(std::uint16_t port) {
  DnsSockets sockets;
  sockets.udp = bound_socket(SOCK_DGRAM, port);
  sockets.tcp = bound_socket(SOCK_STREAM, port);
  base::check(::listen(sockets.tcp.get(), k_backlog), "listen on {}:{}", k_resolver_address, port);
  ::setsockopt(sockets.udp.get(), SOL_SOCKET, SO_RCVBUFFORCE, &k_receive_buffer, sizeof k_receive_buffer);
  return sockets;
}

}  // namespace

DnsSockets open_dns_sockets(int netns) {
  DnsSockets sockets = open_at_port(k_unassigned_port);
  sockets.redirect = attach_redirect(netns, sockets.udp.get(), sockets.tcp.get());
  if (!sockets.redirect) return open_at_port(k_dns_port);
  sockets.reply = sys::make_socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW);
  return sockets;
}

}  // namespace compose::net::dns
