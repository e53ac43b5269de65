#pragma once
// How containers are called in messages: this room knows ids, its users know names.
#include <functional>
#include <optional>
#include <string>

namespace compose::net {

// nullopt: no name is known, and the id is shown.
using ContainerNameOf = std::function<std::optional<std::string>(const std::string& container)>;

}  // namespace compose::net
