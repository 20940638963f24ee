// Makes namespaces and pins them to files. It happens on a thread of its own, which leaves our namespaces and
// then ends.
#include <fcntl.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "arguments.hh"
#include "child_stack.hh"
#include "promise_worker.hh"
#include "sysctl_path.hh"
#include "unique_fd.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

struct UserNamespace {
  std::string path;  // empty: none is wanted
  std::string uidMap;
  std::string gidMap;
};

struct Request {
  std::string net;
  std::string ipc;
  std::string uts;
  UserNamespace user;
  std::string hostname;
  std::vector<std::pair<std::string, std::string>> sysctls;

  int flags() const {
    return (net.empty() ? 0 : CLONE_NEWNET) | (ipc.empty() ? 0 : CLONE_NEWIPC) |
           (uts.empty() ? 0 : CLONE_NEWUTS);
  }
};

void writeFile(int dirfd, const std::string& path, const std::string& name, const std::string& text) {
  open_how how{};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH;
  const UniqueFd file(checked("openat2", name,
                              [&] { return ::syscall(SYS_openat2, dirfd, path.c_str(), &how, sizeof how); }));
  checked("write", name, [&] { return ::write(file.get(), text.data(), text.size()); });
}

UniqueFd openDirectory(const std::string& path) {
  return UniqueFd(
      checked("open", path, [&] { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
}

/**
 * A process that does nothing: it holds new namespaces, all owned by its new user namespace, until they are
 * pinned. A thread cannot make a user namespace, unshare(2) says. It shares our memory, so that its cost does
 * not depend on our size.
 */
class NamespaceHolder {
 public:
  explicit NamespaceHolder(int flags) {
    const int all = CLONE_NEWUSER | CLONE_VM | CLONE_PIDFD | SIGCHLD | flags;
    int pidfd = -1;
    pid_ = checked("clone", {}, [&] { return ::clone(hold, stack_.top(), all, nullptr, &pidfd); });
    pidfd_ = UniqueFd(pidfd);
  }
  NamespaceHolder(const NamespaceHolder&) = delete;
  NamespaceHolder& operator=(const NamespaceHolder&) = delete;
  ~NamespaceHolder() {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    siginfo_t ignored;
    retryOnEintr([&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), pidfd_.get(), &ignored, WEXITED); });
  }

  void writeMaps(const UserNamespace& user) const {
    const std::string process = "/proc/" + std::to_string(pid_);
    const UniqueFd directory = openDirectory(process);
    writeFile(directory.get(), "uid_map", process + "/uid_map", user.uidMap);
    writeFile(directory.get(), "gid_map", process + "/gid_map", user.gidMap);
  }
  void join(int flags) const {
    if (flags == 0) return;
    checked("setns", {}, [&] { return ::setns(pidfd_.get(), flags); });
  }
  std::string userNamespace() const { return "/proc/" + std::to_string(pid_) + "/ns/user"; }

 private:
  static int hold(void*) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
  }

  ChildStack stack_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

void bringLoopbackUp() {
  const UniqueFd socket(
      checked("socket", {}, [] { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  checked("ioctl", "lo", [&] { return ::ioctl(socket.get(), SIOCGIFFLAGS, &request); });
  request.ifr_flags |= IFF_UP;
  checked("ioctl", "lo", [&] { return ::ioctl(socket.get(), SIOCSIFFLAGS, &request); });
}

/**
 * The effective user of this thread alone; seteuid(3) would change it in every thread. The capabilities that
 * root loses by it come back with its user id.
 */
class EffectiveUser {
 public:
  explicit EffectiveUser(uid_t user) : previous_(::geteuid()) { set(user); }
  EffectiveUser(const EffectiveUser&) = delete;
  EffectiveUser& operator=(const EffectiveUser&) = delete;
  ~EffectiveUser() { set(previous_); }

 private:
  static void set(uid_t user) { ::syscall(SYS_setresuid, -1, user, -1); }

  uid_t previous_;
};

/** Limits of an IPC namespace belong to the root of its user namespace, and no capability opens them to
 * another user. */
void writeSysctl(int root, const std::string& path, const std::string& file, const std::string& value) {
  try {
    writeFile(root, path, file, value);
  } catch (const SystemError& refused) {
    struct stat status {};
    if (refused.error != EACCES || ::fstatat(root, path.c_str(), &status, 0) == -1) throw;
    const EffectiveUser owner(status.st_uid);
    writeFile(root, path, file, value);
  }
}

/** Below /proc/sys the namespaces are those of the task that opens the file: this thread's. */
void writeSysctls(const std::vector<std::pair<std::string, std::string>>& sysctls) {
  if (sysctls.empty()) return;
  const UniqueFd root = openDirectory("/proc/sys");
  for (const auto& [name, value] : sysctls) {
    const std::string path = sysctlPath(name);
    writeSysctl(root.get(), path, "/proc/sys/" + path, value);
  }
}

/** The bind mounts made so far; undone unless all of them could be made. */
class Pins {
 public:
  Pins() = default;
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;
  ~Pins() {
    for (const std::string& path : made_) ::umount2(path.c_str(), MNT_DETACH);
  }

  void add(const std::string& source, const std::string& path) {
    if (path.empty()) return;
    checked("mount", path, [&] { return ::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr); });
    made_.push_back(path);
  }
  void keep() { made_.clear(); }

 private:
  std::vector<std::string> made_;
};

/** On its own thread. The thread stays in our mount namespace, where the pins are to be seen. */
void pin(const Request& request) {
  const int flags = request.flags();
  Pins pins;
  if (request.user.path.empty()) {
    checked("unshare", {}, [&] { return ::unshare(flags); });
  } else {
    const NamespaceHolder holder(flags);
    holder.writeMaps(request.user);
    holder.join(flags);
    pins.add(holder.userNamespace(), request.user.path);
  }
  if (!request.hostname.empty()) {
    checked("sethostname", request.hostname,
            [&] { return ::sethostname(request.hostname.data(), request.hostname.size()); });
  }
  if (!request.net.empty()) bringLoopbackUp();
  writeSysctls(request.sysctls);
  pins.add("/proc/thread-self/ns/net", request.net);
  pins.add("/proc/thread-self/ns/ipc", request.ipc);
  pins.add("/proc/thread-self/ns/uts", request.uts);
  pins.keep();
}

std::string field(const Arguments& args, const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsString() ? args.toString(value) : std::string();
}

/** ({ net, ipc, uts, hostname, user, uidMap, gidMap }, [name, value, …]): all of them strings, absent ones
 * undefined. */
Napi::Value pinNamespaces(const Napi::CallbackInfo& info) {
  const Arguments args(info, "unshare");
  const auto object = info[0].As<Napi::Object>();
  Request request{.net = field(args, object, "net"),
                  .ipc = field(args, object, "ipc"),
                  .uts = field(args, object, "uts"),
                  .user = {.path = field(args, object, "user"),
                           .uidMap = field(args, object, "uidMap"),
                           .gidMap = field(args, object, "gidMap")},
                  .hostname = field(args, object, "hostname"),
                  .sysctls = {}};
  // Without a UTS namespace of its own the thread would rename the host.
  if (!request.hostname.empty() && request.uts.empty())
    throw SystemError{"sethostname", EINVAL, request.hostname};
  const auto sysctls = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i + 1 < sysctls.Length(); i += 2) {
    request.sysctls.emplace_back(args.toString(sysctls.Get(i)), args.toString(sysctls.Get(i + 1)));
  }
  return PromiseWorker::run(info.Env(), [request = std::move(request)] { pin(request); });
}

}  // namespace

void exposeNamespace(Napi::Env env, Napi::Object exports) {
  expose<pinNamespaces>(env, exports, "pinNamespaces");
}

}  // namespace tsctr
