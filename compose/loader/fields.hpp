#pragma once
// Tables that the type alone does not name: configs and secrets share a struct and differ in keys.
#include "compose/loader/record.hpp"

namespace compose::loader {

const Table& secret_table();
const Table& config_table();

}  // namespace compose::loader
