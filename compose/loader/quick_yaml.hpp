#pragma once
// The part of YAML that nearly all compose files are written in, read in one pass: block mappings and
// sequences, scalars and flow collections on one line, comments. yaml-cpp spends some 1,500 instructions on
// each byte, which would be most of the time of every command; see docs/decisions/0004-quick-yaml.md.
//
// Whatever is not of that part, mistakes included, is left to yaml-cpp: the answer is then nullopt, and
// nothing is reported. Where there is an answer it equals that of yaml-cpp, marks included (tests and a fuzz
// target compare them).
#include <optional>
#include <vector>

#include "compose/loader/node.hpp"

namespace compose::loader {

// The text must be valid UTF-8 without control characters.
std::optional<std::vector<Node>> parse_quickly(const Sources& sources, std::uint32_t source);

}  // namespace compose::loader
