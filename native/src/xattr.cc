// Extended attributes, without following a final link.
#include <sys/xattr.h>

#include <cstring>
#include <string>
#include <vector>

#include "arguments.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

/** Asks for the size and then for the value, again when it has grown in between. */
template <typename Read>
std::vector<char> readWhole(const Arguments& args, const std::string& path, Read read) {
  for (;;) {
    const ssize_t size = args.call(path, [&] { return read(nullptr, 0); });
    if (size == 0) return {};
    std::vector<char> buffer(static_cast<size_t>(size));
    const ssize_t got = retryOnEintr([&] { return read(buffer.data(), buffer.size()); });
    if (got >= 0) {
      buffer.resize(static_cast<size_t>(got));
      return buffer;
    }
    if (errno != ERANGE) args.call(path, [&] { return read(buffer.data(), buffer.size()); });
  }
}

Napi::Value lsetxattrWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "lsetxattr");
  const std::string path = args.string(0);
  const std::string name = args.string(1);
  const Napi::Uint8Array value = args.bytes(2);
  const int flags = args.integer(3);
  return args.callForNothing(
      path, [&] { return ::lsetxattr(path.c_str(), name.c_str(), value.Data(), value.ByteLength(), flags); });
}

Napi::Value lgetxattrWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "lgetxattr");
  const std::string path = args.string(0);
  const std::string name = args.string(1);
  const std::vector<char> value = readWhole(args, path, [&](char* buffer, size_t size) {
    return ::lgetxattr(path.c_str(), name.c_str(), buffer, size);
  });
  return Napi::Buffer<char>::Copy(info.Env(), value.data(), value.size());
}

Napi::Value llistxattrWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "llistxattr");
  const std::string path = args.string(0);
  const std::vector<char> list = readWhole(
      args, path, [&](char* buffer, size_t size) { return ::llistxattr(path.c_str(), buffer, size); });
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (size_t at = 0; at < list.size(); at += std::strlen(&list[at]) + 1) names.Set(count++, &list[at]);
  return names;
}

}  // namespace

void exposeXattr(Napi::Env env, Napi::Object exports) {
  expose<lsetxattrWrapper>(env, exports, "lsetxattr");
  expose<lgetxattrWrapper>(env, exports, "lgetxattr");
  expose<llistxattrWrapper>(env, exports, "llistxattr");
}

}  // namespace tsctr
