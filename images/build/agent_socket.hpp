#pragma once
// The socket of an ssh agent as a build step sees it: one of our own, with the owner and mode that the step's
// mount asks for, whose connections are passed on to the agent. And agents of our own, which hold the keys
// that a compose file names by path.
#include <memory>
#include <string>

#include "base/path.hpp"
#include "base/process.hpp"
#include "images/build/root_view.hpp"
#include "images/worker.hpp"

namespace compose::images {

// Passes on from the constructor to the destructor, in a process of its own.
class AgentSocket {
 public:
  // Error: there is no agent behind `agent`.
  AgentSocket(const base::HostPath& agent, base::HostPath path, std::uint32_t mode, Owner owner);
  [[nodiscard]] const base::HostPath& path() const noexcept { return path_; }

 private:
  base::HostPath path_;
  std::unique_ptr<Worker> passer_;
};

// The host's ssh-agent with one key, at a socket in `directory`. Ends with its owner.
class KeyAgent {
 public:
  // Error: where ssh-agent and ssh-add are not installed, or what ssh-add says about the key.
  KeyAgent(const base::HostPath& key, const base::HostPath& directory);
  ~KeyAgent();
  KeyAgent(const KeyAgent&) = delete;
  KeyAgent& operator=(const KeyAgent&) = delete;
  [[nodiscard]] const base::HostPath& socket() const noexcept { return socket_; }

 private:
  void wait_until_it_listens() const;

  base::HostPath socket_;
  std::optional<base::Process> process_;
};

}  // namespace compose::images
