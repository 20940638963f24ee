// conmon's --exit-command: tsctr-exited <socket> <lock> <exits> <node> <main.js> <args…> <id>
// When the daemon is there it has seen the exit already, and nothing is to do. A command that holds the lock
// of the root may be what ended the container: it is waited for, and when it has cleaned up, the file of that
// id in the directory of exit files is gone. Otherwise Node is started. It runs once for every container that
// ends, so it does nothing else.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "unique_fd.hh"

namespace {

using tsctr::UniqueFd;

bool daemonListens(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd file;
  if (std::strlen(path) < sizeof address.sun_path) {
    std::strcpy(address.sun_path, path);
  } else {
    file.reset(open(path, O_PATH | O_CLOEXEC));
    if (file.get() == -1) return false;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file.get());
  }
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() == -1) return false;
  // EAGAIN: its backlog is full, so there is one.
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EAGAIN;
}

// Waits for whoever holds the lock; false when nothing is left to be done. A daemon that is just starting
// holds the lock before it listens, so the wait is interrupted now and then to look for it.
bool mustCleanUp(const char* socketPath, const char* lockPath, const char* exitFile) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const itimerval every{{1, 0}, {1, 0}};
  const itimerval never{};
  setitimer(ITIMER_REAL, &every, nullptr);
  const int lock = open(lockPath, O_RDWR | O_CLOEXEC);
  bool must = true;
  while (lock != -1 && must && flock(lock, LOCK_EX) == -1) {
    must = errno == EINTR && !daemonListens(socketPath) && access(exitFile, F_OK) == 0;
  }
  setitimer(ITIMER_REAL, &never, nullptr);
  signal(SIGALRM, SIG_DFL);
  return must && access(exitFile, F_OK) == 0;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  if (argc < 7) {
    std::fputs("usage: tsctr-exited <daemon socket> <lock> <exits> <node> <main.js> <args...> <id>\n",
               stderr);
    return 2;
  }
  const std::string exitFile = std::string(argv[3]) + '/' + argv[argc - 1];
  if (daemonListens(argv[1]) || !mustCleanUp(argv[1], argv[2], exitFile.c_str())) return 0;
  execve(argv[4], argv + 4, envp);
  std::fprintf(stderr, "tsctr-exited: execve %s: %s\n", argv[4], std::strerror(errno));
  return 127;
}
