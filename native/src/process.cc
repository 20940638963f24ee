// Processes by pidfd; signals.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "arguments.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

/** { code, signal }, or null while the child runs. */
Napi::Value waitidNow(const Napi::CallbackInfo& info) {
  const Arguments args(info, "waitid");
  const int pidfd = args.integer(0);
  siginfo_t status{};
  args.call({}, [&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &status, WEXITED | WNOHANG); });
  const Napi::Env env = info.Env();
  if (status.si_pid == 0) return env.Null();
  const Napi::Value number = Napi::Number::New(env, status.si_status);
  const bool exited = status.si_code == CLD_EXITED;
  Napi::Object result = Napi::Object::New(env);
  result.Set("code", exited ? number : env.Null());
  result.Set("signal", exited ? env.Null() : number);
  return result;
}

Napi::Value pidfdOpen(const Napi::CallbackInfo& info) {
  const Arguments args(info, "pidfd_open");
  const int pid = args.integer(0);
  const uint64_t flags = args.flags(1);
  return args.callForNumber({}, [&] { return ::syscall(SYS_pidfd_open, pid, flags); });
}

Napi::Value pidfdSendSignal(const Napi::CallbackInfo& info) {
  const Arguments args(info, "pidfd_send_signal");
  const int pidfd = args.integer(0);
  const int signal = args.integer(1);
  return args.callForNothing({}, [&] { return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0); });
}

Napi::Value killWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "kill");
  const int pid = args.integer(0);
  const int signal = args.integer(1);
  return args.callForNothing({}, [&] { return ::kill(pid, signal); });
}

Napi::Value setChildSubreaper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "prctl");
  const unsigned long value = args.flags(0);
  return args.callForNothing({}, [&] { return ::prctl(PR_SET_CHILD_SUBREAPER, value, 0, 0, 0); });
}

}  // namespace

void exposeProcess(Napi::Env env, Napi::Object exports) {
  expose<waitidNow>(env, exports, "waitidNow");
  expose<pidfdOpen>(env, exports, "pidfdOpen");
  expose<pidfdSendSignal>(env, exports, "pidfdSendSignal");
  expose<killWrapper>(env, exports, "kill");
  expose<setChildSubreaper>(env, exports, "setChildSubreaper");
}

}  // namespace tsctr
