#include "base/json.hpp"

namespace compose::base {

void detail::json_mismatch(const std::string& path, std::string_view wanted) {
  fail("{}: must be {}", path, wanted);
}

Json parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    fail("read {}: damaged JSON at byte {}", what, e.byte);
  } catch (const nlohmann::json::exception&) {  // well-formed, but 1e999 fits no number
    fail("read {}: a number in the JSON is out of range", what);
  }
}

}  // namespace compose::base
