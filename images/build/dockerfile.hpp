#pragma once
// A Dockerfile as values: instructions with their flags and words taken apart, not yet expanded. Everything
// that can be wrong without knowing the values of variables is reported here, as "Dockerfile:7: ...". Pure;
// no files are read. Source: Dockerfile reference (docs.docker.com/reference/dockerfile), frontend 1.x.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace compose::images {

struct Heredoc {
  std::string name;     // the word after <<
  std::string content;  // with its last newline
  bool expand = true;   // the word was not quoted
  bool operator==(const Heredoc&) const = default;
};

// CMD ["a", "b"] or CMD a b: the second goes through the shell.
struct Command {
  bool shell_form = true;
  std::string text;               // shell form
  std::vector<std::string> argv;  // exec form
  bool operator==(const Command&) const = default;
};

using NameValue = std::pair<std::string, std::string>;

struct FromInstruction {
  std::string platform;
  std::string base;  // "scratch", a stage, or an image
  std::string name;  // AS; lower case; empty: none
};
struct ArgInstruction {
  std::vector<std::pair<std::string, std::optional<std::string>>> arguments;
};
struct EnvInstruction {
  std::vector<NameValue> variables;
};
struct LabelInstruction {
  std::vector<NameValue> labels;
};
// COPY and ADD.
struct CopyInstruction {
  bool is_add = false;
  std::vector<std::string> sources;
  std::string destination;
  std::vector<Heredoc> heredocs;  // sources of the form <<NAME
  std::string from;
  std::string chown;
  std::string chmod;
  bool link = false;
  bool parents = false;
  std::vector<std::string> excludes;
  std::optional<bool> unpack;
  std::string checksum;  // of what ADD downloads
  bool keep_git_directory = false;
};
struct RunMount {
  std::string type = "bind";
  std::string id;
  std::string from;
  std::string source;
  std::string target;
  std::string env;
  std::string size;
  std::string mode;
  std::string uid;
  std::string gid;
  std::string sharing = "shared";
  bool required = false;
  bool read_only = false;
  bool writable = false;
};
struct RunInstruction {
  Command command;
  std::vector<Heredoc> heredocs;
  std::vector<RunMount> mounts;
  std::string network;      // "", default, none, host
  bool privileged = false;  // --security=insecure
};
struct CmdInstruction {
  Command command;
};
struct EntrypointInstruction {
  Command command;
};
struct ShellInstruction {
  std::vector<std::string> argv;
};
struct HealthcheckInstruction {
  bool none = false;
  Command command;
  std::string interval, timeout, start_period, start_interval, retries;
};
struct WorkdirInstruction {
  std::string path;
};
struct UserInstruction {
  std::string user;
};
struct ExposeInstruction {
  std::vector<std::string> ports;
};
struct VolumeInstruction {
  std::vector<std::string> paths;
};
struct StopSignalInstruction {
  std::string signal;
};
struct OnBuildInstruction {
  std::string trigger;
};
struct MaintainerInstruction {
  std::string name;
};

using InstructionBody =
    std::variant<FromInstruction, ArgInstruction, EnvInstruction, LabelInstruction, CopyInstruction,
                 RunInstruction, CmdInstruction, EntrypointInstruction, ShellInstruction,
                 HealthcheckInstruction, WorkdirInstruction, UserInstruction, ExposeInstruction,
                 VolumeInstruction, StopSignalInstruction, OnBuildInstruction, MaintainerInstruction>;

struct Instruction {
  int line = 0;  // first line, from 1
  int last_line = 0;
  std::string text;                        // as written, on one line: "COPY silo /silo"
  std::vector<std::string> comments = {};  // the lines right above, without '#'
  InstructionBody body;
};

struct Dockerfile {
  std::string name;  // for messages: "Dockerfile"
  char escape = '\\';
  std::vector<Instruction> instructions;
  std::vector<std::string> source;       // its lines, for error messages
  std::vector<std::string> warnings;     // "Dockerfile:3: ..."
  std::string check_directive;           // of "# check=", "" without one
  std::vector<int> empty_continuations;  // last lines of instructions that have an empty line inside
};

[[nodiscard]] Dockerfile parse_dockerfile(std::string_view text, const std::string& name);

// One instruction that stands outside a file (ONBUILD trigger, `import --change`); `where` begins its errors.
[[nodiscard]] Instruction parse_instruction(std::string_view text, const std::string& where,
                                            char escape = '\\');

}  // namespace compose::images
