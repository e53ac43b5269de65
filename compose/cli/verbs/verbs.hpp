#pragma once
// One maker for each verb; the table in verbs.cpp names them.
#include "compose/cli/verb.hpp"

namespace compose::cli {

std::unique_ptr<Verb> make_help();
std::unique_ptr<Verb> make_version();

}  // namespace compose::cli
