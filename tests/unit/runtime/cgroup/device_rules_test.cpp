#include "runtime-shim/cgroup/device_rules.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

// Runs the few instructions that the compiler of device programs emits.
std::uint64_t interpret(const std::vector<bpf_insn>& program, const bpf_cgroup_dev_ctx& context) {
  std::uint64_t reg[11] = {};
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& i = program[at];
    switch (i.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        reg[i.dst_reg] = *reinterpret_cast<const __u32*>(reinterpret_cast<const char*>(&context) + i.off);
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        reg[i.dst_reg] = static_cast<__u32>(reg[i.src_reg]);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        reg[i.dst_reg] = static_cast<__u32>(reg[i.dst_reg]) & static_cast<__u32>(i.imm);
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        reg[i.dst_reg] = static_cast<__u32>(reg[i.dst_reg]) >> i.imm;
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        reg[i.dst_reg] = static_cast<std::uint64_t>(i.imm);
        break;
      case BPF_JMP32 | BPF_JNE | BPF_K:
        if (static_cast<__u32>(reg[i.dst_reg]) != static_cast<__u32>(i.imm))
          at += static_cast<std::size_t>(i.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return reg[0];
      default:
        FAIL("unknown instruction");
    }
  }
  FAIL("the program ends without an answer");
  return 0;
}

bool allowed(const std::vector<DeviceRule>& rules, char type, std::uint32_t major, std::uint32_t minor,
             std::uint32_t access) {
  const bpf_cgroup_dev_ctx context{
      .access_type = (access << 16U) | (type == 'b' ? 1U : 2U), .major = major, .minor = minor};
  return interpret(compile_device_program(rules), context) == 1;
}

constexpr std::uint32_t k_read_write = k_may_read | k_may_write;

}  // namespace

TEST_SUITE("runtime/cgroup/device_rules") {
  TEST_CASE("rules are read and written as Docker spells them") {
    for (const char* rule : {"c 1:3 rwm", "b *:* m", "a *:* rwm", "c 136:* rw"})
      CHECK(to_text(parse_device_rule(rule)) == rule);
    for (const char* bad :
         {"", "c", "c 1:3", "d 1:3 r", "c 1 3 r", "c 1:3 x", "c -1:3 r", "c 1:3  ", "c 99999999999:1 r"})
      CHECK_THROWS_WITH_AS(parse_device_rule(bad),
                           base::text("device rule '{}' is not of the form 'c 1:3 rwm'", bad).c_str(),
                           base::Error);
  }

  TEST_CASE("the default lets the harmless nodes be used and any node be made") {
    const auto rules = allowed_devices({}, {});
    CHECK(allowed(rules, 'c', 1, 3, k_read_write));
    CHECK(allowed(rules, 'c', 136, 7, k_read_write));
    CHECK(allowed(rules, 'c', 10, 200, k_read_write));
    CHECK(allowed(rules, 'b', 8, 0, k_may_make));
    CHECK_FALSE(allowed(rules, 'b', 8, 0, k_may_read));
    CHECK_FALSE(allowed(rules, 'b', 8, 0, k_may_make | k_may_read));
    CHECK_FALSE(allowed(rules, 'c', 1, 1, k_may_read));
    CHECK_FALSE(allowed(rules, 'c', 10, 229, k_may_write));
    CHECK_FALSE(allowed(rules, 'b', 1, 3, k_may_read));
  }

  TEST_CASE("a rule for reading does not allow writing") {
    const auto rules = allowed_devices({}, {parse_device_rule("b 8:1 r")});
    CHECK(allowed(rules, 'b', 8, 1, k_may_read));
    CHECK_FALSE(allowed(rules, 'b', 8, 1, k_may_write));
    CHECK_FALSE(allowed(rules, 'b', 8, 2, k_may_read));
  }

  TEST_CASE("privileged is everything") {
    const auto rules = allowed_devices({.privileged = true}, {});
    CHECK(allowed(rules, 'b', 8, 0, k_read_write | k_may_make));
    CHECK(allowed(rules, 'c', 1, 1, k_may_write));
  }
}
