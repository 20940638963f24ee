// Names and attributes of files, each relative to an open directory.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "arguments.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

Napi::Value mkdiratWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "mkdirat");
  const std::string path = args.string(1);
  return args.callForNothing(
      path, [&] { return ::mkdirat(args.integer(0), path.c_str(), static_cast<mode_t>(args.integer(2))); });
}

/** (dirfd, path, mode, major, minor) */
Napi::Value mknodatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "mknodat");
  const std::string path = args.string(1);
  const auto mode = static_cast<mode_t>(args.integer(2));
  const dev_t device = makedev(args.integer(3), args.integer(4));
  return args.callForNothing(path, [&] { return ::mknodat(args.integer(0), path.c_str(), mode, device); });
}

Napi::Value symlinkatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "symlinkat");
  const std::string target = args.string(0);
  const std::string path = args.string(2);
  return args.callForNothing(path,
                             [&] { return ::symlinkat(target.c_str(), args.integer(1), path.c_str()); });
}

Napi::Value linkatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "linkat");
  const std::string from = args.string(1);
  const std::string to = args.string(3);
  return args.callForNothing(to, [&] {
    return ::linkat(args.integer(0), from.c_str(), args.integer(2), to.c_str(), args.integer(4));
  });
}

Napi::Value unlinkatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "unlinkat");
  const std::string path = args.string(1);
  return args.callForNothing(path,
                             [&] { return ::unlinkat(args.integer(0), path.c_str(), args.integer(2)); });
}

Napi::Value renameat2Wrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "renameat2");
  const std::string from = args.string(1);
  const std::string to = args.string(3);
  const auto flags = static_cast<unsigned>(args.flags(4));
  return args.callForNothing(from, [&] {
    return ::syscall(SYS_renameat2, args.integer(0), from.c_str(), args.integer(2), to.c_str(), flags);
  });
}

Napi::Value readlinkatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "readlinkat");
  const std::string path = args.string(1);
  std::array<char, PATH_MAX> target;
  const ssize_t length = args.call(
      path, [&] { return ::readlinkat(args.integer(0), path.c_str(), target.data(), target.size()); });
  return Napi::String::New(info.Env(), target.data(), static_cast<size_t>(length));
}

Napi::BigInt nanoseconds(Napi::Env env, const timespec& time) {
  return Napi::BigInt::New(env, int64_t{time.tv_sec} * kNsPerSecond + time.tv_nsec);
}

Napi::Value fstatatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fstatat");
  const std::string path = args.string(1);
  struct stat status {};
  args.call(path, [&] { return ::fstatat(args.integer(0), path.c_str(), &status, args.integer(2)); });
  const Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  const auto set = [&](const char* name, auto value) {
    result.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  set("dev", status.st_dev);
  set("ino", status.st_ino);
  set("mode", status.st_mode);
  set("nlink", status.st_nlink);
  set("uid", status.st_uid);
  set("gid", status.st_gid);
  set("rdevMajor", major(status.st_rdev));
  set("rdevMinor", minor(status.st_rdev));
  set("size", status.st_size);
  result.Set("atimeNs", nanoseconds(env, status.st_atim));
  result.Set("mtimeNs", nanoseconds(env, status.st_mtim));
  result.Set("ctimeNs", nanoseconds(env, status.st_ctim));
  return result;
}

Napi::Value fchownatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fchownat");
  const std::string path = args.string(1);
  const auto uid = static_cast<uid_t>(args.wide(2));
  const auto gid = static_cast<gid_t>(args.wide(3));
  return args.callForNothing(
      path, [&] { return ::fchownat(args.integer(0), path.c_str(), uid, gid, args.integer(4)); });
}

Napi::Value fchmodatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fchmodat");
  const std::string path = args.string(1);
  const auto mode = static_cast<mode_t>(args.integer(2));
  return args.callForNothing(path, [&] { return ::fchmodat(args.integer(0), path.c_str(), mode, 0); });
}

timespec toTimespec(int64_t ns) {
  int64_t seconds = ns / kNsPerSecond;
  int64_t rest = ns % kNsPerSecond;
  if (rest < 0) {
    rest += kNsPerSecond;
    seconds--;
  }
  return {.tv_sec = seconds, .tv_nsec = rest};
}

Napi::Value utimensatWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "utimensat");
  const std::string path = args.string(1);
  const timespec times[2] = {toTimespec(args.bigint(2)), toTimespec(args.bigint(3))};
  return args.callForNothing(
      path, [&] { return ::utimensat(args.integer(0), path.c_str(), times, args.integer(4)); });
}

}  // namespace

void exposeInode(Napi::Env env, Napi::Object exports) {
  expose<mkdiratWrapper>(env, exports, "mkdirat");
  expose<mknodatWrapper>(env, exports, "mknodat");
  expose<symlinkatWrapper>(env, exports, "symlinkat");
  expose<linkatWrapper>(env, exports, "linkat");
  expose<unlinkatWrapper>(env, exports, "unlinkat");
  expose<renameat2Wrapper>(env, exports, "renameat2");
  expose<readlinkatWrapper>(env, exports, "readlinkat");
  expose<fstatatWrapper>(env, exports, "fstatat");
  expose<fchownatWrapper>(env, exports, "fchownat");
  expose<fchmodatWrapper>(env, exports, "fchmodat");
  expose<utimensatWrapper>(env, exports, "utimensat");
}

}  // namespace tsctr
