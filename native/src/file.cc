// Open files: openat2, close, directories, locks, and the file system below a path.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "arguments.hh"
#include "promise_worker.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

/** A rename or mount anywhere on the host can make the kernel unsure of a ".."; it asks the caller to try
 * again. */
constexpr int kOpenAttempts = 128;

/** (dirfd, path, flags, mode, resolve) → fd */
Napi::Value openat2(const Napi::CallbackInfo& info) {
  const Arguments args(info, "openat2");
  const int dirfd = args.integer(0);
  const std::string path = args.string(1);
  open_how how{};
  how.flags = args.flags(2) | O_CLOEXEC;
  how.mode = args.flags(3);
  how.resolve = args.flags(4);
  return args.callForNumber(path, [&] {
    long fd = -1;
    for (int attempt = 0; attempt < kOpenAttempts; attempt++) {
      fd = ::syscall(SYS_openat2, dirfd, path.c_str(), &how, sizeof how);
      if (fd >= 0 || errno != EAGAIN || (how.resolve & RESOLVE_CACHED) != 0) break;
    }
    return fd;
  });
}

Napi::Value closeWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "close");
  // Not repeated on EINTR: the descriptor is closed by then, and its number may belong to another thread.
  if (::close(args.integer(0)) == -1 && errno != EINTR) throw SystemError{"close", errno, {}};
  return info.Env().Undefined();
}

Napi::Value pipe2Wrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "pipe2");
  const int flags = args.integer(0) | O_CLOEXEC;
  int fds[2];
  args.call({}, [&] { return ::pipe2(fds, flags); });
  return args.pair(fds[0], fds[1]);
}

Napi::Value eventfdWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "eventfd");
  const auto initial = static_cast<unsigned int>(args.integer(0));
  const int flags = args.integer(1) | EFD_CLOEXEC;
  return args.callForNumber({}, [&] { return ::eventfd(initial, flags); });
}

struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

Napi::Value readDirectory(const Napi::CallbackInfo& info) {
  const Arguments args(info, "getdents64");
  const int fd = args.integer(0);
  checked("lseek", {}, [&] { return ::lseek(fd, 0, SEEK_SET); });
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  std::vector<char> buffer(32 * 1024);
  for (;;) {
    const long bytes =
        args.call({}, [&] { return ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size()); });
    if (bytes == 0) return names;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer.data() + at);
      const char* name = buffer.data() + at + offsetof(DirectoryEntry, name);
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) names.Set(count++, name);
      at += entry->length;
    }
  }
}

Napi::Value flockWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "flock");
  const int fd = args.integer(0);
  const int operation = args.integer(1);
  return args.callForNothing({}, [&] { return ::flock(fd, operation); });
}

Napi::Value setPipeSize(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fcntl");
  const int fd = args.integer(0);
  const int bytes = args.integer(1);
  // It returns what has become of it, which is at least that.
  return args.callForNothing({}, [&] { return ::fcntl(fd, F_SETPIPE_SZ, bytes) == -1 ? -1 : 0; });
}

/** It waits for the disk: not on this thread. */
Napi::Value syncfsWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "syncfs");
  const int fd = args.integer(0);
  return PromiseWorker::run(info.Env(), [fd] { checked("syncfs", {}, [fd] { return ::syncfs(fd); }); });
}

/** It waits while the disk has too much to do already: not on this thread. */
Napi::Value syncFileRange(const Napi::CallbackInfo& info) {
  const Arguments args(info, "sync_file_range");
  const int fd = args.integer(0);
  const int64_t offset = args.wide(1);
  const int64_t bytes = args.wide(2);
  const auto flags = static_cast<unsigned>(args.integer(3));
  return PromiseWorker::run(info.Env(), [=] {
    checked("sync_file_range", {}, [=] { return ::sync_file_range(fd, offset, bytes, flags); });
  });
}

Napi::Value statfsWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "statfs");
  const std::string path = args.string(0);
  struct statfs status {};
  args.call(path, [&] { return ::statfs(path.c_str(), &status); });
  const auto blockBytes = static_cast<uint64_t>(status.f_bsize);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("type", Napi::Number::New(info.Env(), static_cast<double>(status.f_type)));
  result.Set("freeBytes", Napi::BigInt::New(info.Env(), static_cast<uint64_t>(status.f_bavail) * blockBytes));
  result.Set("totalBytes",
             Napi::BigInt::New(info.Env(), static_cast<uint64_t>(status.f_blocks) * blockBytes));
  return result;
}

}  // namespace

void exposeFile(Napi::Env env, Napi::Object exports) {
  expose<openat2>(env, exports, "openat2");
  expose<closeWrapper>(env, exports, "close");
  expose<pipe2Wrapper>(env, exports, "pipe2");
  expose<eventfdWrapper>(env, exports, "eventfd");
  expose<setPipeSize>(env, exports, "setPipeSize");
  expose<readDirectory>(env, exports, "readDirectory");
  expose<flockWrapper>(env, exports, "flock");
  expose<syncfsWrapper>(env, exports, "syncfs");
  expose<syncFileRange>(env, exports, "syncFileRange");
  expose<statfsWrapper>(env, exports, "statfs");
}

}  // namespace tsctr
