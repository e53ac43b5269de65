// compose image import, load, pull, push, save.
#include "compose/cli/image_transfer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/output_file.hpp"
#include "compose/cli/verbs/image_commands.hpp"
#include "compose/ui/progress.hpp"
#include "compose/ui/style.hpp"
#include "images/build/download.hpp"
#include "images/layer_store.hpp"
#include "images/store.hpp"
#include "images/transfer.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;

class PullCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("--platform", platform_, "platform",
            "System and architecture, as linux/arm64 (default: this machine's)");
    a.flag("-q,--quiet", quiet_, "Print no progress");
    a.words(references_, "IMAGE...", "Names of images", 1);
  }
  int run(Context& context) override {
    if (quiet_) context.silence_progress();
    std::vector<images::PullRequest> requests;
    for (const auto& reference : references_)
      requests.push_back({.reference = reference, .platform = platform_});
    std::vector<std::string> errors;
    std::vector<std::string> ids;
    for (const auto& outcome : pull_with_progress(context, requests, quiet_)) {
      ids.push_back(outcome.id);
      if (outcome.error.empty()) continue;
      context.progress().update("Image " + outcome.reference, Phase::error, "Error", "");
      errors.push_back(outcome.error);
    }
    context.progress().finish();
    for (const auto& id : ids)
      if (!id.empty()) context.out().line(id);
    if (!errors.empty()) base::fail("{}", base::join(errors, "\n"));
    return 0;
  }

 private:
  std::string platform_;
  bool quiet_ = false;
  std::vector<std::string> references_;
};

class PushCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-q,--quiet", quiet_, "Print no progress");
    a.words(references_, "IMAGE...", "Names of images", 1);
  }
  int run(Context& context) override {
    if (quiet_) context.silence_progress();
    std::vector<std::string> errors;
    const auto outcomes = push_with_progress(context, references_, quiet_);
    context.progress().finish();
    for (const auto& outcome : outcomes) {
      if (outcome.error.empty())
        context.out().line(outcome.reference + "@" + outcome.digest);
      else
        errors.push_back(outcome.error);
    }
    if (!errors.empty()) base::fail("{}", base::join(errors, "\n"));
    return 0;
  }

 private:
  bool quiet_ = false;
  std::vector<std::string> references_;
};

class LoadCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("-i,--input", input_, "path", "Archive or directory of an OCI layout (default: standard input)");
    a.flag("-q,--quiet", quiet_, "Print nothing");
    a.words(none_, "", "", 0, 0);
  }
  int run(Context& context) override {
    for (const auto& image : load(context)) {
      if (quiet_) continue;
      if (image.references.empty()) context.out().line("Loaded image ID: " + image.id);
      for (const auto& reference : image.references) context.out().line("Loaded image: " + reference);
    }
    return 0;
  }

 private:
  std::vector<images::LoadedImage> load(Context& context) const {
    if (!input_ && ui::is_terminal(STDIN_FILENO))
      throw UsageError("standard input is a terminal: name an archive with --input");
    if (!input_) return images::load_archive(context.images(), STDIN_FILENO, "<stdin>");
    const auto path = path_of(*input_);
    const auto fd = base::sys::open(path, O_RDONLY);
    if (const auto status = base::sys::stat_if_exists(path); status && S_ISDIR(status->st_mode))
      return images::load_directory(context.images(), path);
    return images::load_archive(context.images(), fd.get(), *input_);
  }

  std::optional<std::string> input_;
  bool quiet_ = false;
  std::vector<std::string> none_;
};

class SaveCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("-o,--output", output_, "file", "Write to a file (default: standard output)");
    a.words(references_, "IMAGE...", "Names or ids of images", 1);
  }
  int run(Context& context) override {
    write_output(output_, [&](int fd) { images::save_archive(context.images(), references_, fd); });
    return 0;
  }

 private:
  std::optional<std::string> output_;
  std::vector<std::string> references_;
};

class ImportCommand final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.values("-c,--change", changes_, "instruction",
             "Dockerfile instruction to apply (CMD, ENV, ...); repeatable");
    a.value("-m,--message", message_, "text", "Comment for the history");
    a.words(words_, "FILE|URL|- [NAME]", "Tar of a root file system, and what the image is called", 1, 2);
  }
  int run(Context& context) override {
    const auto& name = words_.size() == 2 ? words_[1] : std::string{};
    const auto import = [&](int fd) {
      context.out().line(images::import_rootfs(context.images(), fd, words_[0], name, changes_, message_));
    };
    if (words_[0] == "-") {
      import(STDIN_FILENO);
    } else if (words_[0].starts_with("http://") || words_[0].starts_with("https://")) {
      const auto lease = context.images().layers().lease();
      const auto place = context.images().layers().workspace();
      import(
          base::sys::open(place.work() / images::download_context(words_[0], place.work()), O_RDONLY).get());
    } else {
      import(base::sys::open(path_of(words_[0]), O_RDONLY).get());
    }
    return 0;
  }

 private:
  std::vector<std::string> changes_;
  std::string message_;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_image_import() {
  return std::make_unique<ImportCommand>();
}
std::unique_ptr<Verb> make_image_load() {
  return std::make_unique<LoadCommand>();
}
std::unique_ptr<Verb> make_image_pull() {
  return std::make_unique<PullCommand>();
}
std::unique_ptr<Verb> make_image_push() {
  return std::make_unique<PushCommand>();
}
std::unique_ptr<Verb> make_image_save() {
  return std::make_unique<SaveCommand>();
}

}  // namespace compose::cli
