#include "private_run.hh"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace tsctr {
namespace {

constexpr const char* kRun = "/run";
constexpr const char* kKnowledge = "/run/criu.kdat";

int openTree(int directory, const char* path) {
  constexpr unsigned kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
  return static_cast<int>(::syscall(SYS_open_tree, directory, path, kFlags));
}

/** Binds one entry of the old /run to the same name in the new one; links are made anew, what vanishes
 * meanwhile is left out. */
bool bindEntry(int oldRun, int newRun, const char* name) {
  struct stat status {};
  if (::fstatat(oldRun, name, &status, AT_SYMLINK_NOFOLLOW) == -1) return errno == ENOENT;
  if (S_ISLNK(status.st_mode)) {
    char target[4096];
    const ssize_t length = ::readlinkat(oldRun, name, target, sizeof target - 1);
    if (length == -1) return errno == ENOENT;
    target[length] = '\0';
    return ::symlinkat(target, newRun, name) == 0;
  }
  const int tree = openTree(oldRun, name);
  if (tree == -1) return errno == ENOENT;
  bool made = S_ISDIR(status.st_mode) ? ::mkdirat(newRun, name, 0700) == 0
                                      : ::mknodat(newRun, name, S_IFREG | 0600, 0) == 0;
  made = made && ::syscall(SYS_move_mount, tree, "", newRun, name, MOVE_MOUNT_F_EMPTY_PATH) == 0;
  ::close(tree);
  return made;
}

bool bindEntries(int oldRun, int newRun) {
  const int again = ::openat(oldRun, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = again == -1 ? nullptr : ::fdopendir(again);
  if (directory == nullptr) return false;
  bool done = true;
  while (done) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name == "." || name == ".." || name.starts_with("criu.kdat")) continue;
    done = bindEntry(oldRun, newRun, entry->d_name);
  }
  ::closedir(directory);
  return done;
}

/** A cache: without it CRIU asks the kernel anew. */
void copyKnowledge(const char* source) {
  const int from = ::open(source, O_RDONLY | O_CLOEXEC);
  if (from == -1) return;
  const int to = ::open(kKnowledge, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  struct stat status {};
  if (to != -1 && ::fstat(from, &status) == 0)
    ::sendfile(to, from, nullptr, static_cast<size_t>(status.st_size));
  if (to != -1) ::close(to);
  ::close(from);
}

}  // namespace

bool enterPrivateRun(const char* knowledge) {
  if (::unshare(CLONE_NEWNS) == -1) return false;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == -1) return false;
  const int oldRun = openTree(AT_FDCWD, kRun);
  if (oldRun == -1) return false;
  if (::mount("tmpfs", kRun, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == -1) return false;
  const int newRun = ::open(kRun, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool bound = newRun != -1 && bindEntries(oldRun, newRun);
  ::close(oldRun);
  if (newRun != -1) ::close(newRun);
  if (bound) copyKnowledge(knowledge);
  return bound;
}

}  // namespace tsctr
