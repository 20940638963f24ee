#include "errno.hh"

#include "instance.hh"

namespace tsctr {

Napi::Value setErrorFactory(const Napi::CallbackInfo& info) {
  Instance::of(info.Env()).makeError = Napi::Persistent(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Error toJavaScript(Napi::Env env, const SystemError& error) {
  Napi::Value path = env.Undefined();
  if (!error.path.empty()) path = Napi::String::New(env, error.path);
  const Napi::Value made = Instance::of(env).makeError.Call(
      {Napi::String::New(env, error.syscall), Napi::Number::New(env, error.error), path});
  return Napi::Error(env, made);
}

}  // namespace tsctr
