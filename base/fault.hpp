#pragma once
// Named fault points. What they do is chosen when a program is linked: in those of the target fault_programs,
// COMPOSE_FAULT="name[:N]=kill|exit|sleep:MS|errno:E" arms the Nth passing (default 1) of one point;
// COMPOSE_FAULT_TRACE=FILE appends the name of every point passed, so that a test can first list them and
// then die at each. COMPOSE_FAULT_COUNT=FILE gets one byte for each passing of the armed point, and N counts
// them over all processes; without it each process counts for itself. While such a file does not exist
// nothing is counted, done or traced: processes that were started before a test begins can be armed by making
// it. In the programs that are shipped a point is a call that returns (fault_off.cpp).
#include <string_view>

namespace compose::base {

void fault_point(std::string_view name);  // may kill this process, sleep, or throw SysError

}  // namespace compose::base
