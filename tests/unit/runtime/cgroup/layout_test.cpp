#include "runtime-shim/cgroup/layout.hpp"

#include <doctest/doctest.h>

using namespace compose::rt;

namespace {

constexpr std::string_view k_hybrid =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

std::vector<std::string> mount_points(const CgroupLayout& layout) {
  std::vector<std::string> out;
  for (const auto& h : layout.hierarchies) out.push_back(h.mount_point.str());
  return out;
}

}  // namespace

TEST_SUITE("runtime/cgroup/layout") {
  TEST_CASE("v2 alone is one hierarchy with the controllers it offers") {
    const auto layout =
        parse_layout("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
                     "0::/user.slice/session-1.scope\n", "cpuset cpu io memory pids");
    CHECK(mount_points(layout) == std::vector<std::string>{"/sys/fs/cgroup"});
    CHECK_FALSE(layout.has_v1());
    CHECK(layout.with("memory") == layout.unified());
    CHECK(layout.with("blkio") == nullptr);
  }

  TEST_CASE(
      "a hybrid host limits with v1; hierarchies that only name sessions are left out for a caller at their "
      "root") {
    const auto layout = parse_layout(k_hybrid, "4:memory:/\n1:name=systemd:/\n0::/\n", "hugetlb");
    CHECK(mount_points(layout) ==
          std::vector<std::string>{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"});
    CHECK(layout.has_v1());
    CHECK(layout.unified() == nullptr);
    CHECK(layout.with("cpuacct") == layout.with("cpu"));
  }

  TEST_CASE("a caller inside a session takes its containers out of the session's cgroups too") {
    const auto layout =
        parse_layout(k_hybrid, "4:memory:/\n1:name=systemd:/user.slice\n0::/user.slice\n", "");
    CHECK(mount_points(layout) == std::vector<std::string>{"/sys/fs/cgroup/cpu,cpuacct",
                                                           "/sys/fs/cgroup/memory", "/sys/fs/cgroup/systemd",
                                                           "/sys/fs/cgroup/unified"});
  }

  TEST_CASE("escaped mount points are read, a second mount of one hierarchy is not a second hierarchy") {
    const auto layout = parse_layout(
        "35 31 0:32 / /my\\040cgroups/memory rw - cgroup cgroup rw,memory\n"
        "36 31 0:32 / /elsewhere rw - cgroup cgroup rw,memory\n",
        "", "");
    CHECK(mount_points(layout) == std::vector<std::string>{"/my cgroups/memory"});
  }
}
