// Each file of wrappers exports its own under the names of their man pages.
#pragma once

#include <napi.h>

namespace tsctr {

void exposeDurableFile(Napi::Env env, Napi::Object exports);
void exposeFile(Napi::Env env, Napi::Object exports);
void exposeInode(Napi::Env env, Napi::Object exports);
void exposeMount(Napi::Env env, Napi::Object exports);
void exposeNamespace(Napi::Env env, Napi::Object exports);
void exposeProcess(Napi::Env env, Napi::Object exports);
void exposeSocket(Napi::Env env, Napi::Object exports);
void exposeSpawn(Napi::Env env, Napi::Object exports);
void exposeTree(Napi::Env env, Napi::Object exports);
void exposeXattr(Napi::Env env, Napi::Object exports);
void exposeZstd(Napi::Env env, Napi::Object exports);

}  // namespace tsctr
