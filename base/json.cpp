#include "base/json.hpp"

namespace compose::base {

void detail::json_mismatch(const std::string& path, std::string_view wanted) {
  fail("{}: must be {}", path, wanted);
}

namespace {

constexpr int k_deepest_json = 256;

// The parser would keep a stack of its own for whatever comes, and others a real one.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > k_deepest_json) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (is_too_deep(text)) fail("read {}: nested more than {} deep", what, k_deepest_json);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    fail("read {}: damaged JSON at byte {}", what, e.byte);
  } catch (const nlohmann::json::exception&) {  // well-formed, but 1e999 fits no number
    fail("read {}: a number in the JSON is out of range", what);
  }
}

}  // namespace compose::base
