#include "daemon_socket.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace tsctr {

namespace {

/** How long connect(2) and send(2) may block, socket(7); 0: for ever. */
bool limitSending(int fd, int timeoutMs) {
  const timeval limit{timeoutMs / 1000, timeoutMs % 1000 * 1000};
  return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

}  // namespace

int connectDaemon(const std::string& run, int timeoutMs) {
  constexpr std::string_view kName = "/tsctr.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = run + std::string(kName);
  int directory = -1;
  if (path.size() < sizeof address.sun_path) {
    std::strcpy(address.sun_path, path.c_str());
  } else {
    // It does not fit: by the descriptor of its directory.
    directory = open(run.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory == -1) return -1;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%s", directory, kName.data());
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = fd != -1 && limitSending(fd, timeoutMs) &&
                         connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                         limitSending(fd, 0);
  if (directory != -1) close(directory);
  if (connected) return fd;
  if (fd != -1) close(fd);
  return -1;
}

namespace {

long nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1'000'000;
}

/** The head of an HTTP answer, byte by byte so that nothing behind it is read; empty when there is none in
 * time. */
std::string readHead(int socket, int timeoutMs) {
  constexpr size_t kLargest = 4096;
  const long deadline = nowMs() + timeoutMs;
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    pollfd readable{socket, POLLIN, 0};
    const long left = deadline - nowMs();
    if (left <= 0 || head.size() == kLargest) return "";
    const int ready = poll(&readable, 1, static_cast<int>(left));
    if (ready == -1 && errno == EINTR) continue;
    char byte = 0;
    if (ready <= 0 || recv(socket, &byte, 1, 0) != 1) return "";
    head += byte;
  }
  return head;
}

}  // namespace

bool upgradeToCommand(int socket, int timeoutMs) {
  constexpr std::string_view kRequest =
      "GET /v1/command HTTP/1.1\r\nHost: tsctr\r\nConnection: Upgrade\r\nUpgrade: tsctr-command\r\n\r\n";
  const ssize_t sent = send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(kRequest.size())) return false;
  return readHead(socket, timeoutMs).starts_with("HTTP/1.1 101 ");
}

}  // namespace tsctr
