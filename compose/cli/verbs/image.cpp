#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/verbs/image_commands.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

constexpr auto k_commands = std::to_array<VerbEntry>({
    {"df", "[OPTIONS]", "Show what images take on disk", make_image_df},
    {"history", "[OPTIONS] IMAGE", "Show how an image came to be", make_image_history},
    {"import", "[OPTIONS] FILE|- [NAME]", "Make an image of a root file system tar", make_image_import},
    {"inspect", "IMAGE...", "Show all about images as JSON", make_image_inspect},
    {"load", "[OPTIONS]", "Take images from an archive or an OCI layout", make_image_load},
    {"ls", "[OPTIONS] [NAME]", "List the images of this machine", make_image_ls},
    {"prune", "[OPTIONS]", "Remove images that nothing needs", make_image_prune},
    {"pull", "[OPTIONS] IMAGE...", "Get images from their registries", make_image_pull},
    {"push", "[OPTIONS] IMAGE...", "Send images to their registries", make_image_push},
    {"rm", "[OPTIONS] IMAGE...", "Remove images", make_image_rm},
    {"save", "[OPTIONS] IMAGE...", "Write images to an archive", make_image_save},
    {"tag", "IMAGE NAME", "Give an image another name", make_image_tag},
    {"verify", "[OPTIONS]", "Check every byte of the image store", make_image_verify},
});

class ImageVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.words_verbatim(words_, "COMMAND", "", 0);
    std::string list = "  compose image ls\n  compose image pull nginx:1.27\n\nCommands:\n";
    for (const auto& entry : k_commands) {
      std::string name{entry.name};
      name.resize(10, ' ');
      list += base::text("  {}{}\n", name, entry.summary);
    }
    a.examples(list);
  }

  int run(Context& context) override {
    if (words_.empty()) throw UsageError("which one? 'compose image --help' lists the commands");
    const auto found = std::ranges::find(k_commands, words_.front(), &VerbEntry::name);
    if (found == k_commands.end())
      throw UsageError(
          base::text("unknown command: \"compose image {}\"; 'compose image --help' lists the commands",
                     words_.front()));
    const auto command = found->make();
    Arguments arguments{base::text("image {} {}", found->name, found->usage), std::string{found->summary}};
    command->declare(arguments);
    arguments.parse({words_.begin() + 1, words_.end()});
    if (arguments.help_wanted()) {
      context.out().write(arguments.help());
      return 0;
    }
    return command->run(context);
  }

 private:
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_image() {
  return std::make_unique<ImageVerb>();
}

}  // namespace compose::cli
