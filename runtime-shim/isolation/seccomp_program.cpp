#include "runtime-shim/isolation/seccomp_program.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string_view>

#include "runtime-shim/isolation/seccomp_table.hpp"

namespace compose::rt {
namespace {

constexpr std::uint32_t k_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t k_refuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t k_unknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t k_x32_bit = 0x40000000;
// Which personas a process may put on; 0xffffffff asks without changing.
constexpr std::uint32_t k_personas[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};
// CLONE_NEW* of every namespace but time, which clone cannot make.
constexpr std::uint32_t k_namespace_flags = 0x7E020000;
constexpr std::uint32_t k_af_alg = 38;
constexpr std::uint32_t k_af_vsock = 40;

constexpr std::uint32_t argument_offset(std::uint32_t index) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + index * 8;
}

sock_filter statement(unsigned code, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), 0, 0, k};
}
sock_filter jump(unsigned code, std::uint32_t k, std::size_t yes, std::size_t no) {
  return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes), static_cast<std::uint8_t>(no), k};
}
sock_filter verdict(std::uint32_t value) {
  return statement(BPF_RET | BPF_K, value);
}
sock_filter load(std::uint32_t offset) {
  return statement(BPF_LD | BPF_W | BPF_ABS, offset);
}

// What happens to the numbers from `first` up to the next entry.
struct Span {
  std::uint32_t first;
  SyscallRule rule;  // always: `value` is the verdict
  std::uint32_t value;
};

struct Decision {
  SyscallRule rule = SyscallRule::always;
  std::uint32_t value = k_refuse;
  bool operator==(const Decision&) const = default;
};

Decision decide(const SyscallRow& row, std::uint64_t bounding) {
  switch (row.rule) {
    case SyscallRule::always:
      return {SyscallRule::always, k_allow};
    case SyscallRule::with_capability:
      if ((row.capabilities & bounding) != 0) return {SyscallRule::always, k_allow};
      return {SyscallRule::always, std::string_view{row.name} == "clone3" ? k_unknown : k_refuse};
    case SyscallRule::clone_flags:
      if ((bounding & (1ULL << CAP_SYS_ADMIN)) != 0) return {SyscallRule::always, k_allow};
      return {SyscallRule::clone_flags, 0};
    case SyscallRule::socket_family:
    case SyscallRule::personality:
      break;
  }
  return {row.rule, 0};
}

std::vector<Span> spans_of(std::int16_t SyscallRow::*number, std::uint64_t bounding) {
  std::vector<Decision> each(k_highest_known_syscall + 1);
  for (const auto& row : syscall_table())
    if (const auto n = row.*number; n >= 0) each[static_cast<std::size_t>(n)] = decide(row, bounding);
  std::vector<Span> spans;
  for (std::uint32_t n = 0; n < each.size(); ++n)
    if (n == 0 || each[n] != each[n - 1]) spans.push_back({n, each[n].rule, each[n].value});
  spans.push_back({k_highest_known_syscall + 1, SyscallRule::always, k_unknown});
  return spans;
}

SeccompProgram check_socket() {
  return {load(argument_offset(0)), jump(BPF_JMP | BPF_JEQ | BPF_K, k_af_alg, 1, 0),
          jump(BPF_JMP | BPF_JEQ | BPF_K, k_af_vsock, 0, 1), verdict(k_refuse), verdict(k_allow)};
}

SeccompProgram check_personality() {
  SeccompProgram out{load(argument_offset(0))};
  const std::size_t count = std::size(k_personas);
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, k_personas[i], count - i, 0));
  out.push_back(verdict(k_refuse));
  out.push_back(verdict(k_allow));
  return out;
}

SeccompProgram check_clone() {
  return {load(argument_offset(0)), jump(BPF_JMP | BPF_JSET | BPF_K, k_namespace_flags, 0, 1),
          verdict(k_refuse), verdict(k_allow)};
}

SeccompProgram leaf(const Span& span) {
  switch (span.rule) {
    case SyscallRule::socket_family:
      return check_socket();
    case SyscallRule::personality:
      return check_personality();
    case SyscallRule::clone_flags:
      return check_clone();
    case SyscallRule::always:
    case SyscallRule::with_capability:
      break;
  }
  return {verdict(span.value)};
}

void append(SeccompProgram& out, const SeccompProgram& more) {
  out.insert(out.end(), more.begin(), more.end());
}

// A conditional jump over `skipped` instructions when the accumulator is at least `k`; its offset is only
// eight bits wide.
void jump_over_if_at_least(SeccompProgram& out, std::uint32_t k, std::size_t skipped) {
  if (skipped <= 255) {
    out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, k, skipped, 0));
  } else {
    out.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, k, 0, 1));
    out.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(skipped)));
  }
}

SeccompProgram search(const Span* first, const Span* last) {
  if (last - first == 1) return leaf(*first);
  const Span* middle = first + (last - first) / 2;
  const auto low = search(first, middle);
  SeccompProgram out;
  jump_over_if_at_least(out, middle->first, low.size());
  append(out, low);
  append(out, search(middle, last));
  return out;
}

SeccompProgram search_all(const std::vector<Span>& spans) {
  return search(spans.data(), spans.data() + spans.size());
}

// "if the architecture is `arch`, run `body`": the body always returns.
void append_architecture(SeccompProgram& out, std::uint32_t arch, const SeccompProgram& body) {
  out.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
  out.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(body.size())));
  append(out, body);
}

SeccompProgram with_number_loaded(SeccompProgram body) {
  body.insert(body.begin(), load(offsetof(seccomp_data, nr)));
  return body;
}

}  // namespace

SeccompProgram compile_seccomp(std::uint64_t bounding) {
  SeccompProgram out{load(offsetof(seccomp_data, arch))};
#if defined(__x86_64__)
  // Numbers with the x32 bit are above every known one and so ENOSYS, as on a kernel without x32.
  static_assert(k_x32_bit > k_highest_known_syscall);
  append_architecture(out, AUDIT_ARCH_X86_64,
                      with_number_loaded(search_all(spans_of(&SyscallRow::x86_64, bounding))));
  append_architecture(out, AUDIT_ARCH_I386,
                      with_number_loaded(search_all(spans_of(&SyscallRow::i386, bounding))));
#elif defined(__aarch64__)
  append_architecture(out, AUDIT_ARCH_AARCH64,
                      with_number_loaded(search_all(spans_of(&SyscallRow::arm64, bounding))));
#else
#error "the seccomp table has no numbers for this architecture"
#endif
  out.push_back(verdict(SECCOMP_RET_KILL_PROCESS));
  return out;
}

}  // namespace compose::rt
