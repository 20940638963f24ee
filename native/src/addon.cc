// The entry of the addon: gathers the wrappers of all files.
#include <napi.h>

#include "errno.hh"
#include "instance.hh"
#include "wrappers.hh"

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new tsctr::Instance);
  tsctr::expose<tsctr::setErrorFactory>(env, exports, "setErrorFactory");
  tsctr::exposeMount(env, exports);
  tsctr::exposeNamespace(env, exports);
  tsctr::exposeSpawn(env, exports);
  tsctr::exposeProcess(env, exports);
  tsctr::exposeSocket(env, exports);
  tsctr::exposeFile(env, exports);
  tsctr::exposeDurableFile(env, exports);
  tsctr::exposeInode(env, exports);
  tsctr::exposeTree(env, exports);
  tsctr::exposeXattr(env, exports);
  tsctr::exposeZstd(env, exports);
  tsctr::exposeWatcher(env, exports);
  return exports;
}

NODE_API_MODULE(tsctr_native, initialize)
