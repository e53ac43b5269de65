#include "images/registry/answers.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "images/transfer/manifest.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::Json;

constexpr std::size_t k_max_words = 200;

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, k_max_words))
    shown += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  return shown;
}

std::string content_type(const HttpResponse& response) {
  auto type = response.header("content-type");
  type.resize(std::min(type.find(';'), type.size()));
  while (type.ends_with(' ')) type.pop_back();
  return base::lower_case(type);
}

bool is_page(const HttpResponse& response) {
  const auto start = std::string_view{response.body}.substr(0, 512);
  const auto first = start.find_first_not_of(" \t\r\n");
  return content_type(response) == "text/html" || (first != std::string_view::npos && start[first] == '<');
}

// The first of {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}.
std::string first_error(const std::string& body, std::initializer_list<const char*> names) {
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return "";
  const auto errors = json.find("errors");
  if (errors == json.end() || !errors->is_array() || errors->empty() || !errors->front().is_object())
    return "";
  for (const char* name : names)
    if (const auto found = errors->front().find(name);
        found != errors->front().end() && found->is_string() && !found->get<std::string>().empty())
      return printable(found->get<std::string>());
  return "";
}

std::string registry_words(const std::string& body) {
  const auto json = Json::parse(body, nullptr, false);
  if (json.is_object())
    if (const auto details = json.find("details"); details != json.end() && details->is_string())
      return printable(details->get<std::string>());
  return first_error(body, {"message", "code"});
}

std::string registry_code(const std::string& body) {
  return first_error(body, {"code"});
}

bool is_manifest_type(const std::string& type) {
  const Descriptor probe{.media_type = type};
  return probe.is_index() || probe.is_manifest();
}

}  // namespace

std::string describe_refusal(const HttpResponse& response) {
  const auto words = registry_words(response.body);
  if (!words.empty()) return base::text("status {}: {}", response.status, words);
  if (is_page(response)) return base::text("status {} with an HTML page", response.status);
  return base::text("status {}", response.status);
}

std::string describe_denial(const Asker& asker, const HttpResponse& response) {
  const auto said = describe_refusal(response);
  if (asker.user.empty())
    return base::text("it does not exist or needs credentials, and there are none for '{}' ({})",
                      asker.registry, said);
  if (response.status == 401)
    return base::text("'{}' does not accept {} ({})", asker.registry, asker.user, said);
  return base::text("it does not exist, or {} is not allowed to ({})", asker.user, said);
}

std::string describe_manifest_refusal(const Reference& repository, const Asker& asker,
                                      const HttpResponse& response) {
  if (response.status == 401 || response.status == 403)
    return base::text("pull access denied for {}: {}", repository.repository(),
                      describe_denial(asker, response));
  return base::text("the registry {} refuses: {}", repository.domain, describe_refusal(response));
}

std::string describe_missing(const Reference& repository, const std::string& tag_or_digest,
                             const HttpResponse& response, const HttpResponse& tags) {
  const auto codes = {registry_code(response.body), registry_code(tags.body)};
  if (std::ranges::find(codes, "NAME_UNKNOWN") != codes.end())
    return base::text("the registry {} has no repository '{}' ({})", repository.domain, repository.path,
                      describe_refusal(response));
  if (tags.success())
    return base::text("the repository '{}' has no {} '{}' ({})", repository.repository(),
                      is_digest(tag_or_digest) ? "manifest" : "tag", tag_or_digest,
                      describe_refusal(response));
  return base::text("it is not in the registry: {}", describe_refusal(response));
}

std::string describe_push_refusal(const Reference& repository, const Asker& asker,
                                  const HttpResponse& response) {
  if (response.status == 401 || response.status == 403)
    return base::text("push access denied for {}: {}", repository.repository(),
                      describe_denial(asker, response));
  return base::text("the registry {} refuses: {}", repository.domain, describe_refusal(response));
}

std::string manifest_type(const HttpResponse& response) {
  const auto type = content_type(response);
  if (is_manifest_type(type)) return type;
  if (is_page(response)) fail("the registry answered with an HTML page instead of a manifest");
  if (type.find("manifest.v1") != std::string::npos)
    fail("the manifest is of the old form '{}', which is not supported", type);
  const auto json = Json::parse(response.body, nullptr, false);
  if (!json.is_object()) fail("the registry answered with '{}' instead of a manifest", printable(type));
  if (const auto said = json.find("mediaType");
      said != json.end() && said->is_string() && is_manifest_type(said->get<std::string>()))
    return said->get<std::string>();
  if (json.contains("manifests")) return "application/vnd.oci.image.index.v1+json";
  if (json.contains("layers") && json.contains("config")) return "application/vnd.oci.image.manifest.v1+json";
  fail("the registry answered with '{}' instead of a manifest", printable(type));
}

std::string read_token(std::string_view json) {
  const auto document = base::parse_json(json, "token");
  for (const char* name : {"token", "access_token"})
    if (document.is_object())
      if (const auto found = document.find(name);
          found != document.end() && found->is_string() && !found->get<std::string>().empty())
        return found->get<std::string>();
  fail("the token server's answer has no token in it");
}

void check_blob_head(const HttpResponse& head, std::uint64_t offset, std::uint64_t size) {
  std::uint64_t expected = size;
  if (head.status == 206) {
    const auto range = head.header("content-range");
    if (!range.starts_with(base::text("bytes {}-", offset)))
      fail("the registry was asked for the bytes from {} on and sends '{}'", offset, printable(range));
    expected = size - offset;
  }
  const auto said = head.header("content-length");
  std::uint64_t length = 0;
  const auto read = std::from_chars(said.data(), said.data() + said.size(), length);
  if (said.empty() || read.ec != std::errc{}) return;
  if (length != expected) {
    if (content_type(head) == "text/html") fail("the registry answered with an HTML page instead of a blob");
    fail("the registry sends {} bytes and the manifest says {}", length, expected);
  }
}

}  // namespace compose::images
