#pragma once
// The seccomp filter of a container as a BPF program: a binary search over the numbers of each architecture,
// with the three argument checks at the leaves. Pure; compiled once for each capability set of a batch,
// loaded by the child.
#include <cstdint>
#include <linux/filter.h>
#include <vector>

namespace compose::rt {

using SeccompProgram = std::vector<sock_filter>;

// `bounding`: the container's capabilities as a mask; some calls are allowed only with one of them.
SeccompProgram compile_seccomp(std::uint64_t bounding);

}  // namespace compose::rt
