// Starts a child as vfork(2) would: it borrows our memory until execve(2), so that the time does not depend
// on our size. posix_spawn(3) cannot close "all others", report which step failed, or hand out a pidfd
// without a race.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <vector>

#include "arguments.hh"
#include "blocked_signals.hh"
#include "child_stack.hh"
#include "unique_fd.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

constexpr int kClosed = -1;

/** A list of strings as execve(2) wants it. */
class StringVector {
 public:
  StringVector(const Arguments& args, const Napi::Array& array) {
    strings_.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); i++) strings_.push_back(args.toString(array.Get(i)));
    for (std::string& text : strings_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

/** All that the child reads, and the two words that it writes. */
struct Plan {
  const char* file;
  char* const* args;
  char* const* env;
  const char* cwd;  // null: as ours
  bool newSession;
  bool newProcessGroup;
  int parentDeathSignal;  // 0: none
  pid_t parent;
  std::vector<int> fds;  // the child moves sources about in here
  const char* failedCall = nullptr;
  int error = 0;
};

// From here to runChild: code of the child. It runs on our memory, so it allocates nothing and takes no lock.

void resetSignals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++) ::sigaction(signal, &standard, nullptr);
  BlockedSignals::set(0, nullptr);
}

/** Puts every descriptor in its place; the name of the call that failed, or null. */
const char* placeDescriptors(std::vector<int>& fds) {
  const int count = static_cast<int>(fds.size());
  // First out of the way of each other: a source below `count` may be the place of another one.
  for (int place = 0; place < count; place++) {
    if (fds[place] == kClosed || fds[place] == place || fds[place] >= count) continue;
    fds[place] = ::fcntl(fds[place], F_DUPFD_CLOEXEC, count);
    if (fds[place] == -1) return "fcntl";
  }
  for (int place = 0; place < count; place++) {
    if (fds[place] == kClosed) {
      ::close(place);
    } else if (fds[place] == place) {
      if (::fcntl(place, F_SETFD, 0) == -1) return "fcntl";
    } else if (::dup3(fds[place], place, 0) == -1) {
      return "dup3";
    }
  }
  if (::syscall(SYS_close_range, count, ~0U, CLOSE_RANGE_CLOEXEC) == -1) return "close_range";
  return nullptr;
}

const char* becomeProgram(Plan& plan) {
  if (const char* failed = placeDescriptors(plan.fds)) return failed;
  if (plan.newSession && ::setsid() == -1) return "setsid";
  if (plan.newProcessGroup && !plan.newSession && ::setpgid(0, 0) == -1) return "setpgid";
  if (plan.cwd != nullptr && ::chdir(plan.cwd) == -1) return "chdir";
  resetSignals();
  if (plan.parentDeathSignal != 0) {
    if (::prctl(PR_SET_PDEATHSIG, plan.parentDeathSignal) == -1) return "prctl";
    // It may have died before: then nobody will send it.
    if (::getppid() != plan.parent) ::kill(::getpid(), plan.parentDeathSignal);
  }
  ::execve(plan.file, plan.args, plan.env);
  return "execve";
}

int runChild(void* argument) {
  Plan& plan = *static_cast<Plan*>(argument);
  plan.failedCall = becomeProgram(plan);
  plan.error = errno;
  ::_exit(127);
}

struct Child {
  pid_t pid;
  UniqueFd pidfd;
};

Child start(Plan& plan, const std::string& file, const std::string& cwd) {
  const ChildStack stack;
  int pidfd = -1;
  pid_t pid;
  {
    const BlockedSignals blocked;
    const int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    pid = checked("clone", file, [&] { return ::clone(runChild, stack.top(), flags, &plan, &pidfd); });
  }
  Child child{pid, UniqueFd(pidfd)};
  if (plan.failedCall == nullptr) return child;
  siginfo_t ignored;
  retryOnEintr([&] { return ::waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED); });
  throw SystemError{plan.failedCall, plan.error, std::string_view(plan.failedCall) == "chdir" ? cwd : file};
}

/** fds[n] as the child's source for n; `nothing` is an open /dev/null. */
std::vector<int> descriptorSources(const Napi::Array& fds, int nothing) {
  std::vector<int> sources(std::max<size_t>(fds.Length(), 3), kClosed);
  for (uint32_t place = 0; place < sources.size(); place++) {
    const Napi::Value source = place < fds.Length() ? fds.Get(place) : fds.Env().Null();
    if (source.IsNumber()) {
      sources[place] = source.As<Napi::Number>().Int32Value();
      if (sources[place] < 0) throw SystemError{"dup3", EBADF, {}};
    } else if (place < 3) {
      sources[place] = nothing;
    }
  }
  return sources;
}

/** (file, args, env, cwd | null, fds, newSession, newProcessGroup, parentDeathSignal) → [pid, pidfd] */
Napi::Value spawn(const Napi::CallbackInfo& info) {
  const Arguments args(info, "execve");
  const std::string file = args.string(0);
  const StringVector arguments(args, info[1].As<Napi::Array>());
  const StringVector environment(args, info[2].As<Napi::Array>());
  const OptionalString cwd(args, 3);
  const UniqueFd nothing(
      checked("open", "/dev/null", [] { return ::open("/dev/null", O_RDWR | O_CLOEXEC); }));
  Plan plan{.file = file.c_str(),
            .args = arguments.data(),
            .env = environment.data(),
            .cwd = cwd.c_str(),
            .newSession = info[5].As<Napi::Boolean>().Value(),
            .newProcessGroup = info[6].As<Napi::Boolean>().Value(),
            .parentDeathSignal = args.integer(7),
            .parent = ::getpid(),
            .fds = descriptorSources(info[4].As<Napi::Array>(), nothing.get())};
  Child child = start(plan, file, cwd.text());
  return args.pair(child.pid, child.pidfd.release());
}

}  // namespace

void exposeSpawn(Napi::Env env, Napi::Object exports) { expose<spawn>(env, exports, "spawn"); }

}  // namespace tsctr
