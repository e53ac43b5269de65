#pragma once
// A shim is busy while its container starts and then sleeps, perhaps for months. What it needed only for the
// start is given back then.

namespace compose::rt {

// Free heap, and the pages of program and names tables that are mapped but can be mapped again from their
// files: the next use costs a page fault.
void give_back_memory() noexcept;

}  // namespace compose::rt
