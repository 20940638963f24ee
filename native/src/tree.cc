// Removes a directory with all that is in it, in one go on a thread of its own.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "arguments.hh"
#include "promise_worker.hh"
#include "unique_fd.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

/**
 * By descriptors, so that no link is followed and no path becomes too long. What lies deeper than a few
 * levels is first moved up to the top: a container may have made more levels than a process can have
 * descriptors.
 */
class TreeRemoval {
 public:
  explicit TreeRemoval(std::string path) : path_(std::move(path)) {}

  void run() {
    if (unlink(AT_FDCWD, path_.c_str())) return;
    const Directory top = open(AT_FDCWD, path_.c_str());
    if (top == nullptr) return;
    top_ = ::dirfd(top.get());
    // What was moved up may have been passed already.
    do {
      moves_ = 0;
      empty(top.get(), 1);
      ::rewinddir(top.get());
    } while (moves_ > 0);
    if (::unlinkat(AT_FDCWD, path_.c_str(), AT_REMOVEDIR) == -1 && errno != ENOENT) fail("unlinkat");
  }

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  using Directory = std::unique_ptr<DIR, Close>;

  static constexpr int kMostLevels = 32;

  [[noreturn]] void fail(const char* syscall) const { throw SystemError{syscall, errno, path_}; }

  /** False when it is a directory with something in it. */
  bool unlink(int parent, const char* name) const {
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
    // EPERM is what POSIX has for directories.
    const int asFile = errno;
    if (asFile != EISDIR && asFile != EPERM) fail("unlinkat");
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    if (errno == ENOTDIR) errno = asFile;
    if (errno != ENOTEMPTY && errno != EEXIST) fail("unlinkat");
    return false;
  }

  /** Null when it is not there any more. */
  Directory open(int parent, const char* name) const {
    UniqueFd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.get() == -1 && errno == ENOENT) return nullptr;
    if (fd.get() == -1) fail("openat");
    Directory directory(::fdopendir(fd.get()));
    if (directory == nullptr) fail("fdopendir");
    fd.release();
    return directory;
  }

  void empty(DIR* directory, int levels) {
    const int fd = ::dirfd(directory);
    for (errno = 0; const dirent* entry = ::readdir(directory); errno = 0) {
      const std::string_view name(entry->d_name);
      if (name == "." || name == ".." || unlink(fd, entry->d_name)) continue;
      if (levels == kMostLevels) {
        moveUp(fd, entry->d_name);
        continue;
      }
      const Directory inner = open(fd, entry->d_name);
      if (inner == nullptr) continue;
      empty(inner.get(), levels + 1);
      if (::unlinkat(fd, entry->d_name, AT_REMOVEDIR) == -1 && errno != ENOENT) fail("unlinkat");
    }
    if (errno != 0) fail("readdir");
  }

  void moveUp(int parent, const char* name) {
    int error = 0;
    do {
      const std::string place = ".removed-" + std::to_string(next_++);
      error = ::renameat2(parent, name, top_, place.c_str(), RENAME_NOREPLACE) == -1 ? errno : 0;
    } while (error == EEXIST);
    if (error != 0 && error != ENOENT) {
      errno = error;
      fail("renameat2");
    }
    moves_++;
  }

  std::string path_;
  int top_ = -1;
  uint64_t next_ = 0;
  uint64_t moves_ = 0;
};

/** (path): nothing there is nothing to do. */
Napi::Value removeTree(const Napi::CallbackInfo& info) {
  const Arguments args(info, "unlinkat");
  const std::string path = args.string(0);
  return PromiseWorker::run(info.Env(), [path] { TreeRemoval(path).run(); });
}

}  // namespace

void exposeTree(Napi::Env env, Napi::Object exports) { expose<removeTree>(env, exports, "removeTree"); }

}  // namespace tsctr
