// Root file systems: a tar becomes an image, a container's files become a tar or an image.
#include <algorithm>
#include <fcntl.h>
#include <variant>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/archive/pack.hpp"
#include "images/archive/unpack.hpp"
#include "images/build/build.hpp"
#include "images/build/dockerfile.hpp"
#include "images/build/root_view.hpp"
#include "images/layer_store.hpp"
#include "images/platform.hpp"
#include "images/transfer.hpp"

namespace compose::images {
namespace {

using base::fail;

// Changes are Dockerfile instructions that only touch the configuration, so that nothing has to run.
class NoRunner final : public StepRunner {
 public:
  base::ExitStatus run(const StepSpec&, const StepOutput&) override { fail("a change cannot run a command"); }
};

void check_change(const std::string& change) {
  const auto instruction = parse_instruction(change, base::text("change '{}'", change));
  const bool allowed = std::visit(
      []<class T>(const T&) {
        return !std::is_same_v<T, FromInstruction> && !std::is_same_v<T, RunInstruction> &&
               !std::is_same_v<T, CopyInstruction> && !std::is_same_v<T, ArgInstruction> &&
               !std::is_same_v<T, MaintainerInstruction> && !std::is_same_v<T, ShellInstruction>;
      },
      instruction.body);
  if (!allowed) fail("change '{}': only the configuration of the image can be changed", change);
}

std::string apply_changes(Store& store, const std::string& id, const std::string& reference,
                          const std::vector<std::string>& changes) {
  if (changes.empty()) {
    if (!reference.empty()) store.tag(id, reference);
    return id;
  }
  BuildRequest request{.dockerfile_inline = "FROM " + id + "\n"};
  for (const auto& change : changes) *request.dockerfile_inline += change + "\n";
  if (!reference.empty()) request.tags = {reference};
  NoRunner runner;
  SilentBuildProgress progress;
  const auto changed = build_image(store, request, runner, progress).image_id;
  if (changed != id && store.require(id).references.empty())
    (void)store.remove(id, {});  // it was only a step on the way
  return changed;
}

Layer adopt_packed(Store& store, const Workspace& workspace, const Packed& packed) {
  Layer layer{.diff_id = packed.digest, .size = packed.file_size, .tar_size = packed.tar_size};
  store.layers().adopt(workspace.upper(), layer);
  return layer;
}

}  // namespace

std::string import_rootfs(Store& store, int input, const std::string& name, const std::string& reference,
                          const std::vector<std::string>& changes, const std::string& message) {
  for (const auto& change : changes) check_change(change);
  if (!reference.empty()) (void)parse_reference(reference);
  const auto id = base::with_context(base::text("import '{}'", name), [&] {
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
    return store.commit(format_image_document(document), {});
  });
  return apply_changes(store, id, reference, changes);
}

std::string commit_container(Store& store, const CommitRequest& request) {
  for (const auto& change : request.changes) check_change(change);
  const auto base_image = store.require(request.image_id);
  const auto id = base::with_context("commit", [&] {
    const auto lease = store.layers().lease();
    const auto workspace = store.layers().workspace();
    const auto archive = workspace.path() / "layer.tar";
    const auto out = base::sys::open(archive, O_RDWR | O_CREAT | O_EXCL, 0600);
    FdSink sink{out.get()};
    const auto packed = pack_directory(request.upper, PackForm::layer, &sink);
    auto document = parse_image_document(store.config_json(base_image.id));
    document.created = base::time_now();
    if (!request.author.empty()) document.author = request.author;
    if (packed.entries > 0) {
      const auto in = base::sys::open(archive, O_RDONLY);
      FdSource tar{in.get()};
      unpack_tar(tar, base::sys::open(workspace.upper(), O_RDONLY | O_DIRECTORY).get(), {});
      document.diff_ids.push_back(adopt_packed(store, workspace, packed).diff_id);
    }
    document.history.push_back(
        {.created = document.created, .comment = request.message, .empty_layer = packed.entries == 0});
    return store.commit(format_image_document(document), {});
  });
  return apply_changes(store, id, request.reference, request.changes);
}

void export_rootfs(const std::vector<base::HostPath>& layers, int output) {
  const RootView view{layers};
  if (view.empty()) fail("there is nothing to export");
  FdSink sink{output};
  (void)pack_directory(view.fd(), PackForm::plain, &sink);
}

}  // namespace compose::images
