#pragma once
// What people are told when a plan was interrupted: what goes on without anybody waiting for it. Pure.
#include <string>
#include <string_view>

#include "scheduler/executor.hpp"

namespace compose::cli {

// `interrupted: container shop-web-1 is still stopping, and is killed when its time is over; "compose down"
// goes on from there`. Empty where nothing goes on and nothing was left half done.
[[nodiscard]] std::string interruption_text(const sched::Plan& plan, const sched::Outcome& outcome,
                                            std::string_view verb);

}  // namespace compose::cli
