#pragma once
// Instructions that change the configuration of an image and nothing of its files: one function each. They
// are steps of a Dockerfile, and the changes that `commit` and `image import` may ask for.
#include <concepts>
#include <functional>
#include <string>
#include <vector>

#include "images/build/dockerfile.hpp"
#include "images/image.hpp"

namespace compose::images {

class ConfigStep {
 public:
  using Expand = std::function<std::string(const std::string& word)>;  // puts values of variables in

  // `command_is_own`: CMD was given on the way here, so that ENTRYPOINT leaves it alone.
  ConfigStep(ImageDocument& document, bool& command_is_own, Expand expand)
      : document_(document), command_is_own_(command_is_own), expand_(std::move(expand)) {}

  void operator()(const EnvInstruction& env);
  void operator()(const LabelInstruction& label);
  void operator()(const CmdInstruction& cmd);
  void operator()(const EntrypointInstruction& entrypoint);
  void operator()(const ShellInstruction& shell);
  void operator()(const HealthcheckInstruction& check);
  void operator()(const UserInstruction& user);
  void operator()(const ExposeInstruction& expose);
  void operator()(const VolumeInstruction& volume);
  void operator()(const StopSignalInstruction& stop);
  void operator()(const OnBuildInstruction& trigger);
  void operator()(const MaintainerInstruction& maintainer);
  void operator()(const WorkdirInstruction& workdir);  // the directory itself is not made

 private:
  ImageDocument& document_;
  bool& command_is_own_;
  Expand expand_;
};

template <class T>
concept ConfigInstruction = std::invocable<ConfigStep&, const T&>;

// PATH of steps and images that set none.
inline constexpr std::string_view k_default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A command as it is run: the shell form through the image's shell.
[[nodiscard]] std::vector<std::string> through_shell(const ImageConfig& config, const std::string& text);
[[nodiscard]] std::vector<std::string> command_line(const ImageConfig& config, const Command& command);

// The value of a variable of the image.
[[nodiscard]] std::optional<std::string> environment_value(const ImageConfig& config, std::string_view name);

// Carries out instructions that stand outside a Dockerfile. Error: "change 'RUN x': only the configuration of
// the image can be changed".
void check_changes(const std::vector<std::string>& changes);
void apply_changes(ImageDocument& document, const std::vector<std::string>& changes);

}  // namespace compose::images
