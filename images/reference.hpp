#pragma once
// Image references: "nginx", "nginx:1.27", "localhost:5000/team/app@sha256:...". A short name is normalised
// as Docker does: no registry means docker.io, a one-word docker.io name means library/<name>, no tag and no
// digest mean :latest. Grammar: distribution reference specification. Errors say which part is wrong and
// quote the text.
#include <compare>
#include <string>
#include <string_view>

namespace compose::images {

// "sha256:" and 64 lowercase hex digits; the only digest algorithm known here.
[[nodiscard]] bool is_digest(std::string_view text);

struct Reference {
  std::string domain;                            // "docker.io", "localhost:5000"
  std::string path;                              // "library/nginx"
  std::string tag;                               // empty only beside a digest
  std::string digest;                            // empty: none
  [[nodiscard]] std::string full() const;        // "docker.io/library/nginx:latest"; the key in the store
  [[nodiscard]] std::string familiar() const;    // "nginx:latest"
  [[nodiscard]] std::string repository() const;  // "nginx": the familiar form without tag and digest
  auto operator<=>(const Reference&) const = default;
};

// Error: "invalid image reference 'Foo': the repository name must be lowercase".
[[nodiscard]] Reference parse_reference(std::string_view text);

// Do two spellings name the same image? image_matches("nginx", "docker.io/library/nginx:latest") is true.
[[nodiscard]] bool image_matches(std::string_view a, std::string_view b);

}  // namespace compose::images
