// What a registry says in headers and small documents: challenges, addresses, answers, tokens.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "images/registry/answers.hpp"
#include "images/registry/base64.hpp"
#include "images/registry/challenge.hpp"
#include "images/registry/credentials.hpp"
#include "images/registry/retry.hpp"
#include "images/registry/url.hpp"

using namespace compose;

namespace {

template <class F>
void total(F&& f) {
  try {
    f();
  } catch (const base::Error&) {
    // an answer, too
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  (void)images::parse_challenges(text);
  (void)images::base64_decode(text);
  if (images::base64_decode(images::base64_encode(text)) != text) __builtin_trap();
  (void)images::parse_retry_after(text, {});
  total([&] {
    const auto url = images::parse_url(text);
    if (!images::parse_url(url.text()).same_origin(url)) __builtin_trap();
  });
  total([&] { (void)images::resolve_url(images::parse_url("https://h/a/b?c"), text); });
  total([&] { (void)images::find_credentials(text, "docker.io"); });
  total([&] { (void)images::read_token(text); });
  const images::HttpResponse response{
      .status = 200,
      .headers = {{"content-type", text.substr(0, 40)}, {"content-range", text}, {"content-length", text}},
      .body = text};
  total([&] { (void)images::manifest_type(response); });
  total([&] { images::check_blob_head(response, 1, 10); });
  (void)images::describe_refusal(response);
  return 0;
}
