// Root file systems: a tar becomes an image, a container's files become a tar or an image.
#include <fcntl.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"
#include "images/build/config_step.hpp"
#include "images/build/mount_placeholders.hpp"
#include "images/layer_store.hpp"
#include "images/platform.hpp"
#include "images/transfer.hpp"
#include "images/transfer/tar_pipe.hpp"

namespace compose::images {
namespace {

using base::fail;

Layer adopt_packed(Store& store, const Workspace& workspace, const Packed& packed) {
  Layer layer{.diff_id = packed.digest, .size = packed.file_size, .tar_size = packed.tar_size};
  store.layers().adopt(workspace.upper(), layer);
  return layer;
}

std::vector<Reference> names_of(const std::string& reference) {
  return reference.empty() ? std::vector<Reference>{} : std::vector{parse_reference(reference)};
}

std::vector<std::string> command_of(const ImageConfig& config) {
  auto argv = config.entrypoint;
  argv.insert(argv.end(), config.command.begin(), config.command.end());
  return argv;
}

// No archive lies on the disk in between.
std::vector<std::string> copy_upper(const CommitRequest& request, const Workspace& workspace) {
  const auto from = base::sys::open(request.upper, O_RDONLY | O_DIRECTORY);
  const auto to = base::sys::open(workspace.upper(), O_RDONLY | O_DIRECTORY);
  return pass_through_pipe(
      [&](ByteSink& tar) {
        LiveTree tree;
        if (request.live)
          (void)pack_live_directory(from.get(), PackForm::layer, tar, tree);
        else
          (void)pack_directory(from.get(), PackForm::layer, &tar);
        return std::move(tree.unsteady);
      },
      [&](ByteSource& tar) { unpack_tar(tar, to.get(), {}); });
}

}  // namespace

std::string import_rootfs(Store& store, int input, const std::string& name, const std::string& reference,
                          const std::vector<std::string>& changes, const std::string& message) {
  check_changes(changes);
  const auto names = names_of(reference);
  return base::with_context(base::text("import '{}'", name), [&] {
    const auto lease = store.layers().lease();
    const auto workspace = store.layers().workspace();
    FdSource file{input};
    DecompressingSource plain{file};
    const auto target = base::sys::open(workspace.upper(), O_RDONLY | O_DIRECTORY);
    unpack_tar(plain, target.get(), {.form = UnpackForm::plain});
    const auto layer = adopt_packed(store, workspace, pack_directory(workspace.upper(), PackForm::layer));
    ImageDocument document{.created = base::time_now(),
                           .architecture = own_platform().architecture,
                           .diff_ids = {layer.diff_id}};
    document.history.push_back({.created = document.created,
                                .comment = message.empty() ? base::text("imported from {}", name) : message});
    apply_changes(document, changes);
    return store.commit(format_image_document(document), names);
  });
}

CommitOutcome commit_container(Store& store, const CommitRequest& request) {
  check_changes(request.changes);
  const auto names = names_of(request.reference);
  const auto base_image = store.require(request.image_id);
  return base::with_context("commit", [&] {
    CommitOutcome outcome;
    const auto lease = store.layers().lease();
    const auto workspace = store.layers().workspace();
    outcome.unsteady = copy_upper(request, workspace);
    remove_placeholders(workspace.upper(), RootView{base_image.layers}, request.mounts);
    const auto packed = pack_directory(workspace.upper(), PackForm::layer);
    auto document = parse_image_document(store.config_json(base_image.id));
    document.created = base::time_now();
    document.author = request.author;
    if (request.config) document.config = *request.config;
    if (packed.entries > 0) document.diff_ids.push_back(adopt_packed(store, workspace, packed).diff_id);
    document.history.push_back({.created = document.created,
                                .created_by = base::join(command_of(document.config), " "),
                                .comment = request.message,
                                .empty_layer = packed.entries == 0});
    apply_changes(document, request.changes);
    outcome.id = store.commit(format_image_document(document), names);
    return outcome;
  });
}

void export_rootfs(const std::vector<base::HostPath>& layers, int output) {
  const RootView view{layers};
  if (view.empty()) fail("there is nothing to export");
  FdSink sink{output};
  (void)pack_directory(view.fd(), PackForm::plain, &sink);
}

std::vector<std::string> export_live_rootfs(int root, int output) {
  FdSink sink{output};
  LiveTree tree;
  (void)pack_live_directory(root, PackForm::plain, sink, tree);
  return std::move(tree.unsteady);
}

}  // namespace compose::images
