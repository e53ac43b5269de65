#pragma once
// What the answers of a registry mean: refusals in words, media types, tokens, ranges. Pure; total.
#include <cstdint>
#include <string>
#include <string_view>

#include "images/archive/byte_source.hpp"
#include "images/reference.hpp"
#include "images/registry/http.hpp"

namespace compose::images {

// A text of its own as a source.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)), source_(text_) {}
  std::string_view read() override { return source_.read(); }

 private:
  std::string text_;
  MemorySource source_;
};

// "status 404: manifest unknown": the registry's own words where it has any.
[[nodiscard]] std::string describe_refusal(const HttpResponse& response);
// Whom the registry refuses: a 401 or 403 means something else without credentials than with some.
struct Asker {
  std::string registry;  // as credentials know it
  std::string user;      // "user 'ann'", "a token"; "": there are no credentials for it
};
// "it does not exist or needs credentials, and there are none for 'localhost:5000' (status 401)".
[[nodiscard]] std::string describe_denial(const Asker& asker, const HttpResponse& response);
[[nodiscard]] std::string describe_manifest_refusal(const Reference& repository, const Asker& asker,
                                                    const HttpResponse& response);
[[nodiscard]] std::string describe_push_refusal(const Reference& repository, const Asker& asker,
                                                const HttpResponse& response);
// A manifest that is not there; `tags`: what the registry says when it is asked for the repository's tags.
[[nodiscard]] std::string describe_missing(const Reference& repository, const std::string& tag_or_digest,
                                           const HttpResponse& response, const HttpResponse& tags);

// The media type of a manifest: what the header says, or what the document says of itself. Error for an HTML
// page and for everything that is no manifest.
[[nodiscard]] std::string manifest_type(const HttpResponse& response);

// Of a token server's answer.
[[nodiscard]] std::string read_token(std::string_view json);

// Is this the rest of a blob of `size` bytes from `offset` on? Error when it cannot be.
void check_blob_head(const HttpResponse& head, std::uint64_t offset, std::uint64_t size);

}  // namespace compose::images
