#include "images/build/remote_context.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "images/archive/tar_reader.hpp"
#include "images/archive/unpack.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/download.hpp"
#include "images/build/git_source.hpp"

namespace compose::images {
namespace {

FetchedContext fetch_download(const std::string& address, const base::HostPath& directory) {
  const auto name = download_context(address, directory);
  const auto file = base::sys::open(directory / name, O_RDONLY);
  if (!looks_like_tar(file.get()))
    return {.directory = "", .dockerfile = base::read_file(directory / name, k_max_dockerfile)};
  const auto unpacked = directory / "unpacked";
  base::sys::make_directory(unpacked, 0755);
  FdSource compressed{file.get()};
  DecompressingSource plain{compressed};
  base::with_context(base::text("unpack '{}'", address), [&] {
    unpack_tar(plain, base::sys::open(unpacked, O_RDONLY | O_DIRECTORY).get(), {.form = UnpackForm::plain});
  });
  return {.directory = unpacked.str(), .dockerfile = ""};
}

}  // namespace

FetchedContext fetch_context(const NamedContext& context, const base::HostPath& directory,
                             bool keep_git_directory, const GitAccess& access) {
  if (context.kind == ContextKind::download) return fetch_download(context.place, directory);
  const auto tree = directory / "repository";
  base::sys::make_directory(tree, 0755);
  fetch_git(*parse_git_address(context.place), tree, keep_git_directory, access);
  return {.directory = tree.str(), .dockerfile = ""};
}

LayoutImage parse_layout_image(const std::string& place) {
  LayoutImage image;
  const auto at = place.find('@');
  image.digest = at == std::string::npos ? "" : place.substr(at + 1);
  image.directory = place.substr(0, at);
  const auto colon = image.directory.rfind(':');
  if (colon != std::string::npos && image.directory.find('/', colon) == std::string::npos) {
    image.tag = image.directory.substr(colon + 1);
    image.directory.resize(colon);
  }
  return image;
}

}  // namespace compose::images
