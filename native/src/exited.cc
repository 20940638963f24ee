// conmon's --exit-command: tsctr-exited <socket> <node> <main.js> <args…>
// When the daemon is there it has seen the exit already, and nothing is to do. Otherwise Node is started to clean up.
// It runs once for every container that ends, so it links nothing but the C library.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

bool daemonListens(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) < sizeof address.sun_path) {
    std::strcpy(address.sun_path, path);
  } else {
    const int file = open(path, O_PATH | O_CLOEXEC);
    if (file == -1) return false;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd == -1) return false;
  // EAGAIN: its backlog is full, so there is one.
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

}  // namespace

int main(int argc, char** argv, char** envp) {
  if (argc < 4) {
    std::fputs("usage: tsctr-exited <daemon socket> <node> <main.js> <args...>\n", stderr);
    return 2;
  }
  if (daemonListens(argv[1])) return 0;
  execve(argv[2], argv + 2, envp);
  std::fprintf(stderr, "tsctr-exited: execve %s: %s\n", argv[2], std::strerror(errno));
  return 127;
}
