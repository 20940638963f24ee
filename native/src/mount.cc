// The new mount API, and the old one for what it has no word for. By number: a C library older than 2.36 has
// no wrappers.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.hh"
#include "wrappers.hh"

// <sys/mount.h> and <linux/mount.h> cannot be included together with every C library.
extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*) noexcept;
extern "C" int umount2(const char*, int) noexcept;

namespace tsctr {
namespace {

Napi::Value fsopen(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fsopen");
  const std::string name = args.string(0);
  const uint64_t flags = args.flags(1) | FSOPEN_CLOEXEC;
  return args.callForNumber(name, [&] { return ::syscall(SYS_fsopen, name.c_str(), flags); });
}

Napi::Value fsconfig(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fsconfig");
  const int fd = args.integer(0);
  const int command = args.integer(1);
  const OptionalString key(args, 2);
  const bool byNumber = info[3].IsNumber();
  const std::string text = byNumber || args.absent(3) ? std::string() : args.string(3);
  const char* value = byNumber || args.absent(3) ? nullptr : text.c_str();
  const bool isPath = command == FSCONFIG_SET_PATH || command == FSCONFIG_SET_PATH_EMPTY;
  const int aux = byNumber ? args.integer(3) : isPath ? AT_FDCWD : 0;
  return args.callForNothing(key.text(),
                             [&] { return ::syscall(SYS_fsconfig, fd, command, key.c_str(), value, aux); });
}

Napi::Value fsmount(const Napi::CallbackInfo& info) {
  const Arguments args(info, "fsmount");
  const int fd = args.integer(0);
  const uint64_t flags = args.flags(1) | FSMOUNT_CLOEXEC;
  const uint64_t attributes = args.flags(2);
  return args.callForNumber({}, [&] { return ::syscall(SYS_fsmount, fd, flags, attributes); });
}

Napi::Value openTree(const Napi::CallbackInfo& info) {
  const Arguments args(info, "open_tree");
  const int dirfd = args.integer(0);
  const std::string path = args.string(1);
  const uint64_t flags = args.flags(2) | OPEN_TREE_CLOEXEC;
  return args.callForNumber(path, [&] { return ::syscall(SYS_open_tree, dirfd, path.c_str(), flags); });
}

Napi::Value moveMount(const Napi::CallbackInfo& info) {
  const Arguments args(info, "move_mount");
  const int fromFd = args.integer(0);
  const std::string from = args.string(1);
  const int toFd = args.integer(2);
  const std::string to = args.string(3);
  const uint64_t flags = args.flags(4);
  return args.callForNothing(
      to, [&] { return ::syscall(SYS_move_mount, fromFd, from.c_str(), toFd, to.c_str(), flags); });
}

/** (dirfd, path, flags, set, clear, propagation, userNamespaceFd) */
Napi::Value mountSetattr(const Napi::CallbackInfo& info) {
  const Arguments args(info, "mount_setattr");
  const int dirfd = args.integer(0);
  const std::string path = args.string(1);
  const uint64_t flags = args.flags(2);
  mount_attr attributes{.attr_set = args.flags(3),
                        .attr_clr = args.flags(4),
                        .propagation = args.flags(5),
                        .userns_fd = args.flags(6)};
  return args.callForNothing(path, [&] {
    return ::syscall(SYS_mount_setattr, dirfd, path.c_str(), flags, &attributes, sizeof attributes);
  });
}

Napi::Value mountOld(const Napi::CallbackInfo& info) {
  const Arguments args(info, "mount");
  const OptionalString source(args, 0);
  const std::string target = args.string(1);
  const OptionalString type(args, 2);
  const uint64_t flags = args.flags(3);
  const OptionalString data(args, 4);
  return args.callForNothing(
      target, [&] { return ::mount(source.c_str(), target.c_str(), type.c_str(), flags, data.c_str()); });
}

Napi::Value umount2Wrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "umount2");
  const std::string target = args.string(0);
  const int flags = args.integer(1);
  return args.callForNothing(target, [&] { return ::umount2(target.c_str(), flags); });
}

}  // namespace

void exposeMount(Napi::Env env, Napi::Object exports) {
  expose<fsopen>(env, exports, "fsopen");
  expose<fsconfig>(env, exports, "fsconfig");
  expose<fsmount>(env, exports, "fsmount");
  expose<openTree>(env, exports, "openTree");
  expose<moveMount>(env, exports, "moveMount");
  expose<mountSetattr>(env, exports, "mountSetattr");
  expose<mountOld>(env, exports, "mount");
  expose<umount2Wrapper>(env, exports, "umount2");
}

}  // namespace tsctr
