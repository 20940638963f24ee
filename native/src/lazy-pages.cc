// Stays with a restore whose memory arrives while it runs already: tsctr-lazy-pages <options>
// It starts `criu lazy-pages` and ends as soon as that can be asked for pages; what it leaves behind watches
// CRIU. The kernel fills what nobody serves any more with zeros, so when CRIU fails, the processes that wait
// for it are killed before they go far on empty pages.
//
// Descriptor 3 is the reading end of a pipe of the tsctr that restores. A first byte says that we are in the
// cgroup that we are to stay in. A second one says that the processes are about to run: from then on nobody
// but CRIU has their memory, and we outlive tsctr; the end of the pipe before that ends all. A third one says
// that the restore is done, and that the images are of no use when all pages have come.
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "kill_in_cgroup.hh"

namespace {

struct Options {
  const char* criu = nullptr;
  const char* images = nullptr;
  const char* work = nullptr;
  const char* log = nullptr;
  const char* pidFile = nullptr;
  /** Appears with a word on why, when pages were lost. */
  const char* lostFile = nullptr;
  const char* procs = nullptr;
  /** The directory of the images and all with them, when it is of no use afterwards. */
  const char* discard = nullptr;
};

constexpr int kLifeline = 3;
constexpr int kStatusPlace = 4;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "tsctr-lazy-pages: %s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}

[[noreturn]] void usage() {
  std::fputs(
      "usage: tsctr-lazy-pages --criu=FILE --images=DIRECTORY --work=DIRECTORY --log=FILE --pid-file=FILE "
      "--lost-file=FILE --procs=FILE [--discard=DIRECTORY]\n",
      stderr);
  std::_Exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  const struct {
    std::string_view name;
    const char** value;
  } known[] = {
      {"--criu=", &options.criu},   {"--images=", &options.images},    {"--work=", &options.work},
      {"--log=", &options.log},     {"--pid-file=", &options.pidFile}, {"--lost-file=", &options.lostFile},
      {"--procs=", &options.procs}, {"--discard=", &options.discard},
  };
  for (int i = 1; i < argc; i++) {
    const std::string_view argument(argv[i]);
    bool isKnown = false;
    for (const auto& [name, value] : known) {
      if (!argument.starts_with(name)) continue;
      *value = argv[i] + name.size();
      isKnown = true;
    }
    if (!isKnown) usage();
  }
  for (const auto& [name, value] : known) {
    if (*value == nullptr && value != &options.discard) usage();
  }
  return options;
}

/** Waits for a byte; false at the end of the pipe. */
bool readByte(int fd) {
  char byte;
  ssize_t count;
  do count = ::read(fd, &byte, 1);
  while (count == -1 && errno == EINTR);
  return count == 1;
}

bool writeText(const char* file, const std::string& text) {
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd == -1) return false;
  const bool isWhole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return isWhole;
}

[[noreturn]] void becomeCriu(const Options& options, int status) {
  if (::dup3(status, kStatusPlace, 0) == -1) fail("dup3");
  ::syscall(SYS_close_range, kStatusPlace + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::close(kLifeline);
  const std::string place = std::to_string(kStatusPlace);
  ::execl(options.criu, options.criu, "lazy-pages", "--images-dir", options.images, "--work-dir",
          options.work, "--log-file", options.log, "-v4", "--status-fd", place.c_str(), nullptr);
  fail(options.criu);
}

int waitFor(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) == -1) {
    if (errno != EINTR) fail("waitpid");
  }
  return status;
}

std::string describe(int status) {
  return WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                             : "ended with " + std::to_string(WEXITSTATUS(status));
}

/**
 * Copies of the userfaultfds of CRIU, until our own end. When the last one of a process is closed, the kernel
 * lets it go on with zeros for the pages that have not come: without them it would do so between the end of a
 * CRIU that fails and its own.
 */
class HeldPages {
 public:
  HeldPages(pid_t criu, int pidfd)
      : criu_(criu), pidfd_(pidfd), directory_("/proc/" + std::to_string(criu) + "/fd") {}

  /** Takes those that are new, after a fork, and lets go of what CRIU has closed: that process has all. */
  void follow() {
    for (auto held = held_.begin(); held != held_.end();) {
      held->misses = isOpen(*held) ? 0 : held->misses + 1;
      // At its own end it closes them as well, an instant before we are told.
      const bool isDone = held->misses > 1;
      if (isDone) ::close(held->copy);
      held = isDone ? held_.erase(held) : std::next(held);
    }
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
      if (std::filesystem::read_symlink(entry.path(), ignored) != "anon_inode:[userfaultfd]") continue;
      take(std::atoi(entry.path().filename().c_str()));
    }
  }

 private:
  struct Held {
    int number;
    int copy;
    int misses = 0;
  };

  bool isOpen(const Held& held) const {
    return ::syscall(SYS_kcmp, criu_, ::getpid(), KCMP_FILE, held.number, held.copy) == 0;
  }

  void take(int number) {
    const bool isHeld = std::any_of(held_.begin(), held_.end(), [&](const Held& held) {
      return held.number == number && held.misses == 0;
    });
    if (isHeld) return;
    const int copy = static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd_, number, 0));
    if (copy != -1) held_.push_back({number, copy});
  }

  pid_t criu_;
  int pidfd_;
  std::string directory_;
  std::vector<Held> held_;
};

/** Waits for CRIU's end. Ends all when tsctr leaves, or CRIU fails, before the processes run. */
int watch(pid_t criu) {
  const int child = static_cast<int>(::syscall(SYS_pidfd_open, criu, 0));
  if (child == -1) fail("pidfd_open");
  pollfd waits[] = {{kLifeline, POLLIN, 0}, {child, POLLIN, 0}};
  int status = 0;
  while (waits[0].revents == 0) {
    if (::poll(waits, 2, -1) == -1 && errno != EINTR) fail("poll");
    if (waits[1].revents == 0) continue;
    status = waitFor(criu);
    if (status != 0) std::_Exit(1);
    // No page was to be had later.
    waits[1].fd = -1;
  }
  const bool isOver = waits[1].fd == -1;
  if (!readByte(kLifeline)) {
    if (!isOver) ::kill(criu, SIGKILL);
    std::_Exit(1);
  }
  if (isOver) return status;
  HeldPages pages(criu, child);
  constexpr int kStepMs = 50;
  do pages.follow();
  while (::poll(&waits[1], 1, kStepMs) != 1);
  return waitFor(criu);
}

[[noreturn]] void stayWith(const Options& options, int ready) {
  ::setsid();
  if (!writeText(options.pidFile, std::to_string(::getpid()))) fail(options.pidFile);
  const pid_t criu = ::fork();
  if (criu == -1) fail("fork");
  if (criu == 0) becomeCriu(options, ready);
  ::close(ready);
  const int status = watch(criu);
  if (status != 0) {
    writeText(options.lostFile, "criu lazy-pages " + describe(status));
    tsctr::killInCgroup(options.procs);
  }
  std::error_code ignored;
  if (status == 0 && options.discard != nullptr && readByte(kLifeline))
    std::filesystem::remove_all(options.discard, ignored);
  ::unlink(options.pidFile);
  std::_Exit(status == 0 ? 0 : 1);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (!readByte(kLifeline)) return 1;
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) == -1) fail("pipe2");
  const pid_t watcher = ::fork();
  if (watcher == -1) fail("fork");
  if (watcher == 0) {
    ::close(ready[0]);
    stayWith(options, ready[1]);
  }
  ::close(ready[1]);
  return readByte(ready[0]) ? 0 : 1;
}
