#include "images/build/named_context.hpp"

#include "images/build/git_source.hpp"

namespace compose::images {

NamedContext parse_context(std::string_view text) {
  const auto after = [text](std::string_view prefix) { return std::string{text.substr(prefix.size())}; };
  constexpr std::string_view image = "docker-image://";
  constexpr std::string_view layout = "oci-layout://";
  constexpr std::string_view service = "service:";
  if (text.starts_with(image)) return {ContextKind::image, after(image)};
  if (text.starts_with(layout)) return {ContextKind::oci_layout, after(layout)};
  if (text.starts_with(service)) return {ContextKind::request, after(service)};
  if (parse_git_address(text)) return {ContextKind::git, std::string{text}};
  if (text.starts_with("http://") || text.starts_with("https://"))
    return {ContextKind::download, std::string{text}};
  return {ContextKind::directory, std::string{text}};
}

}  // namespace compose::images
