// A failed system call, on its way to JavaScript. Code that does the work throws SystemError and touches no
// JavaScript, so that it runs on any thread; the border turns it into the ErrnoError that
// native/errno-error.ts declares.
#pragma once

#include <napi.h>

#include <cerrno>
#include <string>
#include <utility>

namespace tsctr {

struct SystemError {
  const char* syscall;
  int error;
  std::string path;  // empty: the call names no path
};

/** Repeats a call that a signal has interrupted. Not for close(2), which has closed the descriptor all the
 * same. */
template <typename Call>
auto retryOnEintr(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

/** The result of `call`; throws SystemError when it is -1. */
template <typename Call>
auto checked(const char* syscall, const std::string& path, Call call) {
  auto result = retryOnEintr(call);
  if (result == -1) throw SystemError{syscall, errno, path};
  return result;
}

/** Remembers the function that makes an ErrnoError of (syscall, errno, path | undefined). */
Napi::Value setErrorFactory(const Napi::CallbackInfo& info);

/** The ErrnoError of `error`. Only on the JavaScript thread. */
Napi::Error toJavaScript(Napi::Env env, const SystemError& error);

using Wrapper = Napi::Value (*)(const Napi::CallbackInfo&);

template <Wrapper wrapper>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return wrapper(info);
  } catch (const SystemError& error) {
    toJavaScript(info.Env(), error).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
}

/** Exports `wrapper` under `name`. */
template <Wrapper wrapper>
void expose(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<guarded<wrapper>>(env, name));
}

}  // namespace tsctr
