// What the addon keeps for one JavaScript environment (the main thread, or one worker thread).
#pragma once

#include <napi.h>

#include <memory>

#include "watcher.hh"

namespace tsctr {

struct Instance {
  Napi::FunctionReference makeError;
  std::unique_ptr<Watcher> watcher;

  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace tsctr
