#pragma once
// What a verb runs in: the global options, the output, and everything else made on demand, so that a verb
// pays only for what it uses. Lives for one command. References that it gives stay valid as long as it does.
#include <csignal>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "compose/cli/options.hpp"
#include "compose/ui/output.hpp"

namespace compose::base {
class Clock;
}  // namespace compose::base
namespace compose::adapters {
class LockWait;
class ProjectLock;
class State;
struct Paths;
enum class OnHolder : std::uint8_t;
}  // namespace compose::adapters
namespace compose::images {
class Store;
}
namespace compose::loader {
struct LoadOptions;
struct LoadedProject;
}  // namespace compose::loader
namespace compose::net {
class NetworkManager;
class PortPublisher;
}  // namespace compose::net
namespace compose::ui {
class ProgressView;
}

namespace compose::cli {

// The user pressed Ctrl-C (or a SIGTERM came) and what was going on has been ended in order.
class Interrupted final : public std::exception {
 public:
  explicit Interrupted(int signal = SIGINT, std::string message = {})
      : signal_(signal), message_(std::move(message)) {}
  [[nodiscard]] int signal() const noexcept { return signal_; }
  [[nodiscard]] const std::string& message() const noexcept {
    return message_;
  }  // "": there is nothing to say
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }

 private:
  int signal_;
  std::string message_;
};

// Another command on the same project asked this one to end, and it did.
class EndedByOther final : public base::Error {
 public:
  explicit EndedByOther(const std::string& who) : base::Error("interrupted by " + who) {}
};

class Context {
 public:
  Context(const GlobalOptions& options, std::string verb, ui::Output& out);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] const GlobalOptions& options() const noexcept;
  [[nodiscard]] const std::string& verb() const noexcept;
  [[nodiscard]] ui::Output& out() noexcept;
  [[nodiscard]] base::Clock& clock() noexcept;
  [[nodiscard]] const adapters::Paths& paths() const noexcept;

  // The global options as the loader takes them; a verb adds its own wishes.
  [[nodiscard]] loader::LoadOptions load_options() const;
  // Loads, and prints the warnings.
  [[nodiscard]] loader::LoadedProject load(const loader::LoadOptions& options);
  // Without reading more of the files than `name:`.
  [[nodiscard]] const std::string& project_name();
  // Is there a compose file to ask? False where the project is given by name alone.
  [[nodiscard]] bool has_files();

  // Error for anybody but root.
  [[nodiscard]] adapters::State& state();
  [[nodiscard]] net::NetworkManager& networks();
  [[nodiscard]] net::PortPublisher& ports();
  [[nodiscard]] images::Store& images();
  // Held until the command ends; waits for another command on the same project, saying so, or has it end.
  // What a killed or failed command left of the project is put right before this returns. A dry run changes
  // nothing and locks nothing.
  void lock_project(const std::string& name);
  void lock_project(const std::string& name, adapters::OnHolder on_holder);
  // As the first, for whom may not block. False: it is to be tried again in LockWait::k_every.
  [[nodiscard]] bool try_lock_project(const std::string& name);
  void unlock_project();                // what was done is done in order; nothing of a project leaves nothing
  void unlock_failed_project();         // the next command looks what is there
  [[nodiscard]] int lock_descriptor();  // -1 without a lock
  // Who wants this command to end and waits for its lock: a descriptor that is readable when somebody may (-1
  // without a lock), and the name.
  [[nodiscard]] int end_requests();
  [[nodiscard]] std::optional<std::string> take_end_request();

  [[nodiscard]] ui::ProgressView& progress();
  void show_progress_as(ProgressMode mode);  // before progress() is asked for
  void silence_progress();                   // --quiet of a verb
  void warn(const std::string& message);
  void say_of_dry_run(const std::string& what);  // what would be done
  [[nodiscard]] bool colours(int fd) const;
  [[nodiscard]] bool ask(const std::string& question);  // one line of standard input; its end is a no

  void phase_done(const char* name);  // for --timings
  void finish();                      // after the verb: ends the progress, prints what --timings asked for

 private:
  [[nodiscard]] bool has_parts(const std::string& project);  // containers or networks
  void put_right();
  [[nodiscard]] std::optional<std::string> read_answer();
  void remove_lock();
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace compose::cli
