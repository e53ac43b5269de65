#pragma once
// The init of `init: true`: PID 1 of the container, after everything was dropped. Passes signals on to the
// command, reaps what is orphaned, ends as the command ended. Does not allocate.
#include <sys/types.h>

namespace compose::rt {

[[noreturn]] void run_tiny_init(pid_t command) noexcept;

}  // namespace compose::rt
