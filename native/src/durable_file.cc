// Files that are replaced and removed durably: each takes several calls that wait for the disk, all made on
// one thread, so that JavaScript waits for its turn once.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "arguments.hh"
#include "pool_worker.hh"
#include "unique_fd.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

/** fsync(2) of a directory: makes renames and removals in it durable. */
void syncDirectory(const std::string& directory) {
  const UniqueFd fd(checked("open", directory,
                            [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  checked("fsync", directory, [&] { return ::fsync(fd.get()); });
}

void writeDurably(const UniqueFd& fd, const std::string& file, std::string_view data) {
  while (!data.empty()) {
    const auto written = checked("write", file, [&] { return ::write(fd.get(), data.data(), data.size()); });
    data.remove_prefix(static_cast<size_t>(written));
  }
  checked("fsync", file, [&] { return ::fsync(fd.get()); });
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

/** (directory, temporary, file, data, mode) → promise */
Napi::Value replaceFile(const Napi::CallbackInfo& info) {
  const Arguments args(info, "rename");
  const std::string directory = args.string(0);
  const std::string temporary = args.string(1);
  const std::string file = args.string(2);
  const Napi::Uint8Array bytes = args.bytes(3);
  const std::string_view data(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
  const auto mode = static_cast<mode_t>(args.integer(4));
  const auto work = [=] {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    UniqueFd fd(checked("open", temporary, [&] { return ::open(temporary.c_str(), flags, mode); }));
    try {
      writeDurably(fd, temporary, data);
      fd.reset();
      checked("rename", file, [&] { return std::rename(temporary.c_str(), file.c_str()); });
    } catch (const SystemError&) {
      ::unlink(temporary.c_str());
      throw;
    }
    syncDirectory(directory);
  };
  return PoolWorker::run(info.Env(), bytes, work, nothing);
}

/** (directory, file) → promise */
Napi::Value removeFile(const Napi::CallbackInfo& info) {
  const Arguments args(info, "unlink");
  const std::string directory = args.string(0);
  const std::string file = args.string(1);
  const auto work = [=] {
    checked("unlink", file, [&] { return ::unlink(file.c_str()); });
    syncDirectory(directory);
  };
  return PoolWorker::run(info.Env(), Napi::Object::New(info.Env()), work, nothing);
}

}  // namespace

void exposeDurableFile(Napi::Env env, Napi::Object exports) {
  expose<replaceFile>(env, exports, "replaceFile");
  expose<removeFile>(env, exports, "removeFile");
}

}  // namespace tsctr
