#include "runtime-shim/cgroup/device_rules.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"

namespace compose::rt {
namespace {

constexpr std::uint32_t k_all_access = k_may_make | k_may_read | k_may_write;

std::optional<std::int64_t> parse_number(std::string_view s) {
  if (s == "*") return -1;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error != std::errc{} || end != s.data() + s.size() || s.empty()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_access(std::string_view s) {
  std::uint32_t access = 0;
  for (const char c : s) {
    if (c != 'r' && c != 'w' && c != 'm') return std::nullopt;
    access |= c == 'r' ? k_may_read : c == 'w' ? k_may_write : k_may_make;
  }
  return access == 0 ? std::nullopt : std::optional{access};
}

std::string number_text(std::int64_t n) {
  return n < 0 ? "*" : std::to_string(n);
}

bpf_insn instruction(unsigned code, unsigned to, unsigned from, int offset, int value) {
  bpf_insn i{};
  i.code = static_cast<__u8>(code);
  i.dst_reg = static_cast<__u8>(to & 0xFU);
  i.src_reg = static_cast<__u8>(from & 0xFU);
  i.off = static_cast<__s16>(offset);
  i.imm = value;
  return i;
}

constexpr unsigned k_type = 2;  // register: 1 block, 2 character
constexpr unsigned k_access = 3;
constexpr unsigned k_major = 4;
constexpr unsigned k_minor = 5;
constexpr unsigned k_scratch = 0;

bpf_insn jump_if_not(unsigned reg, std::int64_t value, int over) {
  return instruction(BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, over, static_cast<int>(value));
}

// The checks of one rule; falling through them is "allow", the jumps go to the next rule.
void append_rule(std::vector<bpf_insn>& program, const DeviceRule& rule) {
  const bool some_access = rule.access != k_all_access;
  int left = (rule.type != 'a' ? 1 : 0) + (some_access ? 3 : 0) + (rule.major >= 0 ? 1 : 0) +
             (rule.minor >= 0 ? 1 : 0) + 2;
  if (rule.type != 'a') program.push_back(jump_if_not(k_type, rule.type == 'b' ? 1 : 2, --left));
  if (some_access) {
    program.push_back(instruction(BPF_ALU | BPF_MOV | BPF_X, k_scratch, k_access, 0, 0));
    program.push_back(instruction(BPF_ALU | BPF_AND | BPF_K, k_scratch, 0, 0,
                                  static_cast<int>(~rule.access & k_all_access)));
    left -= 3;
    program.push_back(jump_if_not(k_scratch, 0, left));
  }
  if (rule.major >= 0) program.push_back(jump_if_not(k_major, rule.major, --left));
  if (rule.minor >= 0) program.push_back(jump_if_not(k_minor, rule.minor, --left));
  program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1));
  program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

long bpf(int command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

}  // namespace

DeviceRule parse_device_rule(std::string_view rule) {
  const auto colon = rule.find(':');
  const auto space = rule.rfind(' ');
  const bool shape = rule.size() >= 7 && (rule[0] == 'a' || rule[0] == 'b' || rule[0] == 'c') &&
                     rule[1] == ' ' && colon != std::string_view::npos && space != std::string_view::npos &&
                     space > colon;
  const auto major = shape ? parse_number(rule.substr(2, colon - 2)) : std::nullopt;
  const auto minor = shape ? parse_number(rule.substr(colon + 1, space - colon - 1)) : std::nullopt;
  const auto access = shape ? parse_access(rule.substr(space + 1)) : std::nullopt;
  if (!major || !minor || !access) base::fail("device rule '{}' is not of the form 'c 1:3 rwm'", rule);
  return {.type = rule[0], .major = *major, .minor = *minor, .access = *access};
}

std::string to_text(const DeviceRule& rule) {
  std::string out = base::text("{} {}:{} ", rule.type, number_text(rule.major), number_text(rule.minor));
  if ((rule.access & k_may_read) != 0) out += 'r';
  if ((rule.access & k_may_write) != 0) out += 'w';
  if ((rule.access & k_may_make) != 0) out += 'm';
  return out;
}

std::vector<DeviceRule> allowed_devices(const SecuritySpec& security,
                                        const std::vector<DeviceRule>& devices) {
  if (security.privileged) return {DeviceRule{}};
  std::vector<DeviceRule> out{
      {'c', -1, -1, k_may_make},
      {'b', -1, -1, k_may_make},     // a node may be made; opening it is another thing
      {'c', 1, 3, k_all_access},     // null
      {'c', 1, 5, k_all_access},     // zero
      {'c', 1, 7, k_all_access},     // full
      {'c', 1, 8, k_all_access},     // random
      {'c', 1, 9, k_all_access},     // urandom
      {'c', 5, 0, k_all_access},     // tty
      {'c', 5, 1, k_all_access},     // console
      {'c', 5, 2, k_all_access},     // ptmx
      {'c', 136, -1, k_all_access},  // pts
      {'c', 10, 200, k_all_access},  // tun: allowed, but no node is made
  };
  out.insert(out.end(), devices.begin(), devices.end());
  for (const auto& rule : security.device_rules) out.push_back(parse_device_rule(rule));
  return out;
}

std::vector<bpf_insn> compile_device_program(const std::vector<DeviceRule>& allowed) {
  std::vector<bpf_insn> program{
      instruction(BPF_LDX | BPF_MEM | BPF_W, k_type, 1, offsetof(bpf_cgroup_dev_ctx, access_type), 0),
      instruction(BPF_ALU | BPF_MOV | BPF_X, k_access, k_type, 0, 0),
      instruction(BPF_ALU | BPF_AND | BPF_K, k_type, 0, 0, 0xFFFF),
      instruction(BPF_ALU | BPF_RSH | BPF_K, k_access, 0, 0, 16),
      instruction(BPF_LDX | BPF_MEM | BPF_W, k_major, 1, offsetof(bpf_cgroup_dev_ctx, major), 0),
      instruction(BPF_LDX | BPF_MEM | BPF_W, k_minor, 1, offsetof(bpf_cgroup_dev_ctx, minor), 0)};
  for (const auto& rule : allowed) append_rule(program, rule);
  program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0));
  program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return program;
}

void attach_device_program(int cgroup, const std::vector<DeviceRule>& allowed) {
  // A new cgroup allows everything; and the kernel refuses a program whose end cannot be reached.
  if (std::ranges::find(allowed, DeviceRule{}) != allowed.end()) return;
  const auto program = compile_device_program(allowed);
  static constexpr char k_license[] = "Apache-2.0";
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insn_cnt = static_cast<__u32>(program.size());
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());
  load.license = reinterpret_cast<std::uintptr_t>(k_license);
  const base::UniqueFd loaded{
      static_cast<int>(base::check(bpf(BPF_PROG_LOAD, load), "load the device program"))};
  bpf_attr attach{};
  attach.target_fd = static_cast<__u32>(cgroup);
  attach.attach_bpf_fd = static_cast<__u32>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  base::check(bpf(BPF_PROG_ATTACH, attach), "attach the device program");
}

}  // namespace compose::rt
