#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <climits>

#include "base/seqpacket.hpp"
#include "base/sys_linux.hpp"
#include "base/unique_fd.hpp"
#include "runtime-shim/init/init_program.hpp"
#include "runtime-shim/init/prepared_child.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

// The stages in the order of run_child. Each one returns or gives up; nothing allocates, nothing throws.
class Stages {
 public:
  explicit Stages(const PreparedChild& child) noexcept : child_(child), process_(child.process), root_(-1) {}

  [[noreturn]] void run() noexcept {
    reset_signals();
    join_cgroup();
    enter_namespaces();
    set_scheduling();
    if (child_.world != nullptr) build_world(*child_.world);
    if (process_.terminal) open_terminal();
    take_stdio();
    if (has_init()) check(::pipe2(told_, O_CLOEXEC) == 0, ChildStage::start_init);
    set_limits();
    if (child_.gated) wait_for_parent(ChildStage::at_gate);
    if (!process_.no_new_privileges) load_seccomp();
    drop_bounding_set();
    enter_directory();
    set_user();
    set_capabilities();
    die_with_parent();
    if (process_.no_new_privileges) load_seccomp();
    if (has_init()) become_init(child_.world->init_program);
    execute();
  }

 private:
  [[noreturn]] void give_up(ChildStage stage, int error, std::uint16_t index = 0) noexcept {
    const ChildReport report{.stage = stage, .index = index, .error = error};
    base::send_packet(child_.report, &report, sizeof report);
    ::_exit(127);
  }
  void check(bool ok, ChildStage stage) noexcept {
    if (!ok) give_up(stage, errno);
  }

  // What is ignored stays so over exec, and a shell may not even trap it then: the program begins with
  // defaults.
  void reset_signals() noexcept {
    base::sys::default_signals();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  void join_cgroup() noexcept {
    for (const int file : child_.task_files) check(::write(file, "0", 1) == 1, ChildStage::join_cgroup);
  }

  void enter_namespaces() noexcept {
    // Before this process can be seen inside: nothing in there may look at its memory or descriptors.
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const auto& ns : child_.namespaces)
      check(::setns(ns.fd, ns.type) == 0, ChildStage::enter_namespaces);
    if (child_.world != nullptr && child_.world->new_cgroup_namespace)
      check(::unshare(CLONE_NEWCGROUP) == 0, ChildStage::enter_namespaces);
    if (child_.world != nullptr && child_.world->new_network_namespace)
      check(raise_loopback(), ChildStage::enter_namespaces);
    if (child_.new_session_keyring)
      sys::keyctl_join_session(nullptr);  // a kernel without keys has nothing to leak
    ::setsid();
  }

  bool raise_loopback() noexcept {
    const base::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ifreq link{};
    std::memcpy(link.ifr_name, "lo", sizeof "lo");
    link.ifr_flags = IFF_UP;
    return socket && ::ioctl(socket.get(), SIOCSIFFLAGS, &link) == 0;
  }

  void set_scheduling() noexcept {
    cpu_set_t all;
    std::memset(&all, 0xFF, sizeof all);
    ::sched_setaffinity(0, sizeof all, &all);
    if (!process_.oom_score_adjustment) return;
    char digits[16];
    const int length = std::snprintf(digits, sizeof digits, "%d", *process_.oom_score_adjustment);
    const base::UniqueFd file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    check(file && ::write(file.get(), digits, static_cast<std::size_t>(length)) == length,
          ChildStage::set_scheduling);
  }

  void build_world(const PreparedWorld& world) noexcept {
    const unsigned long propagation = world.mounts.plan.keep_propagation ? MS_SLAVE : MS_PRIVATE;
    check(::mount(nullptr, "/", nullptr, MS_REC | propagation, nullptr) == 0, ChildStage::attach_root);
    check(sys::move_mount(world.root, "", AT_FDCWD, world.attach_point.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0,
          ChildStage::attach_root);
    root_ = world.root;
    ::umask(0022);
    std::uint16_t at = 0;
    if (const int error = apply_mounts_before_network(world.mounts, root_, at); error != 0)
      give_up(ChildStage::mount, error, at);
    if (child_.network_follows) await_network();
    if (const int error = apply_mounts(world.mounts, root_, at); error != 0)
      give_up(ChildStage::mount, error, at);
    set_hostname(world);
    set_sysctls(world);
    if (const int error = protect_paths(world.mounts, root_, at); error != 0)
      give_up(ChildStage::mount, error, at);
    if (const int error = enter_root(root_); error != 0) give_up(ChildStage::pivot_root, error);
    if (::access(process_.directory.c_str(), F_OK) == -1 && errno == ENOENT)
      check(make_directories(process_.directory.c_str()), ChildStage::enter_directory);
    if (world.mounts.plan.read_only_root) check(make_root_read_only(), ChildStage::pivot_root);
  }

  void set_hostname(const PreparedWorld& world) noexcept {
    if (!world.hostname.empty())
      check(::sethostname(world.hostname.data(), world.hostname.size()) == 0, ChildStage::set_hostname);
    if (!world.domainname.empty())
      check(::setdomainname(world.domainname.data(), world.domainname.size()) == 0, ChildStage::set_hostname);
  }

  bool make_root_read_only() noexcept {
    const mount_attr read_only{
        .attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
    return sys::mount_setattr(AT_FDCWD, "/", 0, read_only) == 0;
  }

  // Through the procfs just mounted, seen to be one, before /proc/sys becomes read-only; no links on the way.
  void set_sysctls(const PreparedWorld& world) noexcept {
    if (world.sysctls.empty()) return;
    const base::UniqueFd proc{open_below(root_, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
    struct ::statfs info {};
    check(proc && ::fstatfs(proc.get(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC,
          ChildStage::set_sysctl);
    for (std::uint16_t i = 0; i < world.sysctls.size(); ++i) {
      const auto& sysctl = world.sysctls[i];
      const open_how how{.flags = O_WRONLY | O_CLOEXEC,
                         .mode = 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
      const base::UniqueFd file{sys::openat2(proc.get(), sysctl.path.c_str(), how)};
      const auto size = static_cast<ssize_t>(sysctl.value.size());
      const bool written = file && ::write(file.get(), sysctl.value.data(), sysctl.value.size()) == size;
      if (!written && !sysctl.optional) give_up(ChildStage::set_sysctl, errno, i);
    }
  }

  void send_master(int master) noexcept {
    const ChildReport report{.stage = ChildStage::terminal_ready};
    check(base::send_packet(child_.report, &report, sizeof report, master) != -1, ChildStage::open_terminal);
  }

  void open_terminal() noexcept {
    const base::UniqueFd master{::open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW)};
    check(static_cast<bool>(master), ChildStage::open_terminal);
    struct ::statfs info {};
    check(::fstatfs(master.get(), &info) == 0, ChildStage::open_terminal);
    if (info.f_type != DEVPTS_SUPER_MAGIC) give_up(ChildStage::open_terminal, ENOTTY);
    int unlocked = 0;
    check(::ioctl(master.get(), TIOCSPTLCK, &unlocked) == 0, ChildStage::open_terminal);
    const int slave = ::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    check(slave >= 0, ChildStage::open_terminal);
    if (process_.rows != 0) {
      const winsize size{.ws_row = process_.rows, .ws_col = process_.columns, .ws_xpixel = 0, .ws_ypixel = 0};
      ::ioctl(slave, TIOCSWINSZ, &size);
    }
    check(::fchown(slave, process_.user.uid, static_cast<gid_t>(-1)) == 0, ChildStage::open_terminal);
    check(::ioctl(slave, TIOCSCTTY, 0) == 0, ChildStage::open_terminal);
    send_master(master.get());
    for (auto& fd : stdio_) fd = slave;
    if (child_.world != nullptr) show_console(slave);
  }

  // /dev/console is the terminal, bound by descriptor over a file made for it.
  void show_console(int slave) noexcept {
    const base::UniqueFd place{
        ::open("/dev/console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!place) return;  // the user brought a /dev of their own
    const base::UniqueFd tree{sys::open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)};
    check(tree && sys::move_mount(tree.get(), "", place.get(), "",
                                  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0,
          ChildStage::open_terminal);
  }

  void take_stdio() noexcept {
    int null = -1;
    for (int i = 0; i < 3; ++i) {
      int fd = process_.terminal ? stdio_[i] : process_.stdio[i];
      if (fd < 0) {
        if (null < 0) null = ::open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        check(null >= 0, ChildStage::open_terminal);
        fd = null;
      }
      check(::dup2(fd, i) != -1, ChildStage::open_terminal);
    }
    // A pipe of ours belongs to root; a process of another user opens /dev/stdout by its name.
    struct ::stat info {};
    if (!process_.terminal && process_.user.uid != 0)
      for (int i = 0; i < 3; ++i)
        if (process_.stdio[i] >= 0 && ::fstat(i, &info) == 0 && S_ISFIFO(info.st_mode))
          check(::fchown(i, process_.user.uid, static_cast<gid_t>(-1)) == 0, ChildStage::set_user);
  }

  void set_limits() noexcept {
    for (std::uint16_t i = 0; i < process_.rlimits.size(); ++i) {
      const auto& limit = process_.rlimits[i];
      if (::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &limit.value) == -1)
        give_up(ChildStage::set_limits, errno, i);
    }
  }

  // The descriptor that came with the byte, or none. Before any filter, which need not know these calls. The
  // parent's end closes with the parent.
  base::UniqueFd wait_for_parent(ChildStage stage) noexcept {
    const ChildReport report{.stage = stage};
    base::send_packet(child_.report, &report, sizeof report);
    char released = 0;
    base::UniqueFd fd;
    if (base::receive_packet(child_.report, &released, sizeof released, fd) != 1) ::_exit(127);
    return fd;
  }

  void await_network() noexcept {
    const auto network = wait_for_parent(ChildStage::awaits_network);
    check(::setns(network.get(), CLONE_NEWNET) == 0, ChildStage::enter_namespaces);
  }

  // Without no_new_privs the filter needs CAP_SYS_ADMIN, so it goes in before the capabilities go.
  void load_seccomp() noexcept {
    if (process_.no_new_privileges)
      check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, ChildStage::load_seccomp);
    if (process_.seccomp == nullptr) return;
    sock_fprog program{.len = static_cast<unsigned short>(process_.seccomp->size()),
                       .filter = const_cast<sock_filter*>(process_.seccomp->data())};
    if (sys::seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return;
    check(sys::seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) == 0, ChildStage::load_seccomp);
  }

  void drop_bounding_set() noexcept {
    for (unsigned n = 0; n < 64; ++n) {
      if ((process_.bounding >> n & 1U) != 0) continue;
      if (::prctl(PR_CAPBSET_DROP, n, 0, 0, 0) == -1) {
        if (errno == EINVAL) return;  // past the last one that the kernel has
        give_up(ChildStage::set_capabilities, errno);
      }
    }
  }

  void set_user() noexcept {
    const auto& user = process_.user;
    check(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0, ChildStage::set_user);
    check(::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0, ChildStage::set_user);
    check(::syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0, ChildStage::set_user);
    check(::syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0, ChildStage::set_user);
  }

  // Permitted and effective for root, nothing for anybody else; inheritable and ambient stay empty for all.
  void set_capabilities() noexcept {
    const CapabilityMask held = process_.user.uid == 0 ? process_.bounding : 0;
    const auto low = static_cast<__u32>(held);
    const auto high = static_cast<__u32>(held >> 32U);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const __user_cap_data_struct data[2] = {{.effective = low, .permitted = low, .inheritable = 0},
                                            {.effective = high, .permitted = high, .inheritable = 0}};
    check(sys::capset_raw(&header, data) == 0, ChildStage::set_capabilities);
    check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, ChildStage::set_capabilities);
    check(::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0, ChildStage::set_capabilities);
  }

  // The change of user has reset the signal. A shim that died meanwhile has closed its end of the socket.
  void die_with_parent() noexcept {
    check(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, ChildStage::set_user);
    pollfd shim{.fd = child_.report, .events = 0, .revents = 0};
    if (::poll(&shim, 1, 0) == 1 && (shim.revents & POLLHUP) != 0) ::_exit(127);
  }

  // The directory must be inside: a descriptor of the host's left open would show here as "(unreachable)".
  void enter_directory() noexcept {
    check(::chdir(process_.directory.c_str()) == 0, ChildStage::enter_directory);
    char where[PATH_MAX];
    const long length = ::syscall(SYS_getcwd, where, sizeof where);
    check(length > 0, ChildStage::enter_directory);
    if (where[0] != '/') give_up(ChildStage::enter_directory, ENOENT);
  }

  bool make_directories(const char* path) noexcept {
    char partial[PATH_MAX];
    const std::size_t length = std::strlen(path);
    if (length >= sizeof partial) return false;
    std::memcpy(partial, path, length + 1);
    for (char* slash = std::strchr(partial + 1, '/'); slash != nullptr; slash = std::strchr(slash + 1, '/')) {
      *slash = '\0';
      if (::mkdir(partial, 0755) == -1 && errno != EEXIST) return false;
      *slash = '/';
    }
    return ::mkdir(partial, 0755) == 0 || errno == EEXIST;
  }

  [[nodiscard]] bool has_init() const noexcept {
    return child_.world != nullptr && child_.world->init_program >= 0;
  }

  // The command is made here and reports for itself; PID 1 becomes the init, which anybody of the container
  // may look at: nothing of ours stays in it but the number of the command.
  void become_init(int program) noexcept {
    const pid_t command = ::fork();
    check(command != -1, ChildStage::start_init);
    if (command == 0) return;
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    sys::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    check(::write(told_[1], &command, sizeof command) == sizeof command, ChildStage::start_init);
    if (program == k_init_command) program = ::fcntl(program, F_DUPFD_CLOEXEC, k_init_command + 1);
    // The report's socket may have had this number; then an init that is not executed says so by its end.
    if (told_[0] == k_init_command)
      ::fcntl(k_init_command, F_SETFD, 0);
    else
      check(::dup2(told_[0], k_init_command) != -1, ChildStage::start_init);
    sys::execveat(program, "", process_.init_pointers.data(), process_.environment_pointers.data(),
                  AT_EMPTY_PATH);
    give_up(ChildStage::start_init, errno);
  }

  [[noreturn]] void execute() noexcept {
    // Everything but stdio closes at exec, whatever it is and whoever opened it. The socket too: that is the
    // report.
    sys::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    int error = ENOENT;
    for (const auto& path : process_.candidates) {
      ::execve(path.c_str(), process_.argv_pointers.data(), process_.environment_pointers.data());
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
      if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
    }
    give_up(ChildStage::exec, error);
  }

  const PreparedChild& child_;
  const PreparedProcess& process_;
  int root_;
  int stdio_[3] = {-1, -1, -1};
  int told_[2] = {-1, -1};  // how the init hears of its command
};

}  // namespace

std::string_view describe(ChildStage stage) {
  switch (stage) {
    case ChildStage::join_cgroup:
      return "join the cgroup";
    case ChildStage::enter_namespaces:
      return "enter the namespaces";
    case ChildStage::set_scheduling:
      return "set the OOM score";
    case ChildStage::attach_root:
      return "attach the root file system";
    case ChildStage::mount:
      return "mount";
    case ChildStage::set_hostname:
      return "set the hostname";
    case ChildStage::set_sysctl:
      return "set a kernel parameter";
    case ChildStage::pivot_root:
      return "change the root directory";
    case ChildStage::open_terminal:
      return "open the terminal";
    case ChildStage::set_limits:
      return "set a resource limit";
    case ChildStage::set_capabilities:
      return "set the capabilities";
    case ChildStage::set_user:
      return "change to the user";
    case ChildStage::load_seccomp:
      return "load the system call filter";
    case ChildStage::start_init:
      return "start the init";
    case ChildStage::enter_directory:
      return "enter the working directory";
    case ChildStage::exec:
      return "execute";
    case ChildStage::terminal_ready:
    case ChildStage::awaits_network:
    case ChildStage::at_gate:
      break;
  }
  return "start";
}

void PreparedProcess::seal() {
  argv_pointers.clear();
  environment_pointers.clear();
  init_pointers = {const_cast<char*>(k_init_path), const_cast<char*>("--")};
  for (auto& s : argv) argv_pointers.push_back(s.data());
  for (auto& s : environment) environment_pointers.push_back(s.data());
  argv_pointers.push_back(nullptr);
  environment_pointers.push_back(nullptr);
  init_pointers.insert(init_pointers.end(), argv_pointers.begin(), argv_pointers.end());
}

void run_child(const PreparedChild& child) noexcept {
  Stages{child}.run();
}

}  // namespace compose::rt
