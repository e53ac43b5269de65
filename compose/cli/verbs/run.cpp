#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/cli/bring_up.hpp"
#include "compose/cli/one_off.hpp"
#include "compose/cli/run_overrides.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/style.hpp"

namespace compose::cli {
namespace {

class RunVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--build", up_.images.build, "Build the image first");
    a.values("--cap-add", overrides_.cap_add, "capability", "Add a capability; repeatable");
    a.values("--cap-drop", overrides_.cap_drop, "capability", "Drop a capability; repeatable");
    a.flag("-d,--detach", options_.detach, "Run in the background and print the id of the container");
    a.value("--entrypoint", overrides_.entrypoint, "command",
            "Another entrypoint, split as a shell would; clears the command");
    a.values("-e,--env", overrides_.environment, "KEY[=VALUE]", "Set a variable; repeatable");
    a.values("--env-from-file", env_files_, "file", "Set the variables of a file; repeatable");
    a.flag("-i,--interactive", options_.interactive, "Keep the input open (default true)");
    a.values("-l,--label", overrides_.labels, "KEY=VALUE", "Add a label; repeatable");
    a.value("--name", options_.name, "name", "Name of the container");
    a.flag("--no-deps", options_.no_deps, "Do not start what the service depends on");
    a.flag("-T,--no-tty,--no-TTY", no_tty_,
           "No terminal (default: one where input and output are terminals)");
    a.values("-p,--publish", overrides_.publish, "port", "Publish a port; repeatable");
    a.value("--pull", up_.images.pull, "policy", "always, missing, never, build or policy (default policy)");
    a.flag("-q,--quiet", quiet_, "Print nothing but what the command prints");
    a.flag("--quiet-build", up_.images.quiet_build, "Print nothing of builds");
    a.flag("--quiet-pull", up_.images.quiet_pull, "Show no layers while pulling");
    a.flag("--remove-orphans", up_.remove_orphans,
           "Remove containers of services that the compose file does not have");
    a.flag("--rm", options_.remove, "Remove the container when it ends");
    a.flag("-P,--service-ports", overrides_.service_ports, "Publish the ports of the service");
    a.flag("-t,--tty", tty_, "!");
    a.flag("--use-aliases", options_.use_aliases, "Answer to the names of the service on its networks");
    a.value("-u,--user", overrides_.user, "user", "Run as this user: name or id, user:group");
    a.values("-v,--volume", overrides_.volumes, "mount", "Mount something: SOURCE:TARGET[:ro]; repeatable");
    a.value("-w,--workdir", overrides_.directory, "path", "Directory in the container to run in");
    a.words_verbatim(words_, "SERVICE [COMMAND] [ARGS...]",
                     "A service, and what to run instead of its command", 1);
    a.examples(
        "  compose run --rm silo sh\n  compose run --rm -e LEVEL=debug migrate up\n  compose run -d --name "
        "once job\n");
  }

  int run(Context& context) override {
    if (overrides_.service_ports && !overrides_.publish.empty())
      throw UsageError("--service-ports and --publish are incompatible");
    options_.service = words_.front();
    options_.terminal = !no_tty_ && tty_ && !options_.detach && ui::is_terminal(STDIN_FILENO) &&
                        ui::is_terminal(STDOUT_FILENO);
    overrides_.command.assign(words_.begin() + 1, words_.end());
    overrides_.terminal = options_.terminal;
    overrides_.stdin_open = options_.interactive && !options_.detach;
    overrides_.current_directory = base::sys::current_directory();
    read_env_files();
    if (quiet_) context.silence_progress();
    auto load = context.load_options();
    load.services = {options_.service};
    load.with_dependencies = !options_.no_deps;
    const auto wanted = want(context, load, up_, [&](model::Project& project) {
      if (!project.services.contains(options_.service)) base::fail("no such service: {}", options_.service);
      apply_overrides(project, options_.service, overrides_);
    });
    return run_one_off(context, wanted, up_, options_);
  }

 private:
  void read_env_files() {
    std::vector<std::string> lines;
    for (const auto& file : env_files_) {
      const auto path = base::absolute_path(file, overrides_.current_directory);
      std::string line;
      for (const char c : base::read_file(base::HostPath{path}) + "\n") {
        if (c != '\n')
          line += c;
        else {
          if (!line.empty() && line[0] != '#') lines.push_back(line);
          line.clear();
        }
      }
    }
    overrides_.environment.insert(overrides_.environment.begin(), lines.begin(), lines.end());
  }

  UpOptions up_;
  OneOffOptions options_;
  RunOverrides overrides_;
  std::vector<std::string> env_files_;
  bool no_tty_ = false;
  bool tty_ = true;
  bool quiet_ = false;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<Verb> make_run() {
  return std::make_unique<RunVerb>();
}

}  // namespace compose::cli
