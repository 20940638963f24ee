// What conmon runs as "the runtime" of a restore: tsctr-restore <options> restore <what conmon adds> <id>
// With `exec` in the place of `restore` it becomes CRIU itself, whose socket it has inherited: for all but
// restores. It starts `criu swrk` as its child, with the stdio that conmon gave it, in the cgroups of the
// container, and with descriptors of the tsctr that waits. conmon is started before all is known of the
// restore: more options come as the first message on the socket, each ended by a zero byte. The answer is one
// word when CRIU is in the cgroups; from then on tsctr speaks the RPC on it. CRIU makes the container's first
// process a sibling of its own, so that it is a child of this program, and of conmon as soon as this program
// ends.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "kill_in_cgroup.hh"
#include "new_network.hh"
#include "private_run.hh"

namespace {

/** A descriptor of the owner and the number that CRIU is to see it under. */
struct Inherited {
  int source = -1;
  int place = -1;
  int fd = -1;
};

struct Options {
  const char* criu = nullptr;
  int owner = -1;
  int rpc = -1;
  tsctr::NewNetwork network;
  const char* knowledge = nullptr;
  const char* pathFirst = nullptr;
  bool restores = false;
  std::vector<Inherited> inherited;
  std::vector<const char*> procsFiles;
  const char* bundle = nullptr;
  const char* consoleSocket = nullptr;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "start criu: %s: %s\n", what.c_str(), std::strerror(errno));
  std::_Exit(1);
}

[[noreturn]] void usage() {
  std::fputs(
      "usage: tsctr-restore --owner=PID --rpc=PLACE --fd=SOURCE:PLACE restore [what conmon adds] ID\n"
      "       and on the socket: --criu=FILE [--fd=SOURCE:PLACE]... [--procs=FILE]... "
      "[--new-network=PLACE [--sysctl=NAME=VALUE]...] [--private-run=FILE] [--path-first=DIRECTORY]\n"
      "       tsctr-restore --criu=FILE --rpc=PLACE [--private-run=FILE] exec\n",
      stderr);
  std::_Exit(2);
}

int toNumber(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) usage();
  return number;
}

/** The text behind `name`, or null when the argument is another one. */
const char* valueOf(const char* argument, std::string_view name) {
  return std::string_view(argument).starts_with(name) ? argument + name.size() : nullptr;
}

void takeOption(Options& options, const char* argument) {
  if (const char* criu = valueOf(argument, "--criu=")) {
    options.criu = criu;
  } else if (const char* owner = valueOf(argument, "--owner=")) {
    options.owner = toNumber(owner);
  } else if (const char* rpc = valueOf(argument, "--rpc=")) {
    options.rpc = toNumber(rpc);
  } else if (const char* knowledge = valueOf(argument, "--private-run=")) {
    options.knowledge = knowledge;
  } else if (const char* directory = valueOf(argument, "--path-first=")) {
    options.pathFirst = directory;
  } else if (const char* network = valueOf(argument, "--new-network=")) {
    options.network.place = toNumber(network);
  } else if (const char* sysctl = valueOf(argument, "--sysctl=")) {
    const std::string both(sysctl);
    const size_t equals = both.find('=');
    if (equals == std::string::npos) usage();
    options.network.sysctls.emplace_back(both.substr(0, equals), both.substr(equals + 1));
  } else if (const char* procs = valueOf(argument, "--procs=")) {
    options.procsFiles.push_back(procs);
  } else if (const char* fd = valueOf(argument, "--fd=")) {
    const std::string_view both(fd);
    const size_t colon = both.find(':');
    if (colon == std::string_view::npos) usage();
    options.inherited.push_back({toNumber(both.substr(0, colon)), toNumber(both.substr(colon + 1)), -1});
  } else {
    usage();
  }
}

Options parse(int argc, char** argv) {
  Options options;
  int i = 1;
  for (; i < argc; i++) {
    const std::string_view verb(argv[i]);
    options.restores = verb == "restore";
    if (options.restores || verb == "exec") break;
    takeOption(options, argv[i]);
  }
  for (; i + 1 < argc; i++) {
    const std::string_view name(argv[i]);
    if (name == "--bundle") options.bundle = argv[i + 1];
    if (name == "--console-socket") options.consoleSocket = argv[i + 1];
  }
  if (options.rpc == -1 || i == argc) usage();
  if (options.restores ? options.owner == -1 : options.criu == nullptr) usage();
  return options;
}

/** Copies of those of the owner's descriptors that we have not yet, out of the way of the places that they
 * are to take. */
void takeDescriptors(Options& options) {
  const int owner = static_cast<int>(::syscall(SYS_pidfd_open, options.owner, 0));
  if (owner == -1) fail("pidfd_open");
  for (Inherited& each : options.inherited) {
    if (each.fd != -1) continue;
    const int fd = static_cast<int>(::syscall(SYS_pidfd_getfd, owner, each.source, 0));
    if (fd == -1) fail("pidfd_getfd");
    constexpr int kAboveAllPlaces = 100;
    each.fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kAboveAllPlaces);
    if (each.fd == -1) fail("fcntl");
    ::close(fd);
  }
  ::close(owner);
}

/** Our end of the socket that CRIU is to have; -1 before it was taken. */
int rpcSocket(const Options& options) {
  for (const Inherited& each : options.inherited) {
    if (each.place == options.rpc) return each.fd;
  }
  return -1;
}

/** Waits for what is told on the socket, as long as tsctr takes for it. Its end is the end of the restore. */
void readOrders(Options& options) {
  static std::string orders;
  const int socket = rpcSocket(options);
  const ssize_t length = ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC);
  if (length == -1) fail("recv");
  orders.resize(static_cast<size_t>(length));
  if (::recv(socket, orders.data(), orders.size(), 0) != length) fail("recv");
  for (size_t at = 0; at < orders.size(); at += std::strlen(orders.c_str() + at) + 1)
    takeOption(options, orders.c_str() + at);
  if (options.criu == nullptr) usage();
}

/** Where conmon waits for the terminal is told in our arguments only; tsctr, which gets the terminal from
 * CRIU, reads it here. */
void tellConsoleSocket(const Options& options) {
  if (options.consoleSocket == nullptr || options.bundle == nullptr) return;
  const std::string link = std::string(options.bundle) + "/console-socket";
  ::unlink(link.c_str());
  if (::symlink(options.consoleSocket, link.c_str()) == -1) fail("symlink " + link);
}

void putInCgroup(const char* procsFile, pid_t pid) {
  const int fd = ::open(procsFile, O_WRONLY | O_CLOEXEC);
  if (fd == -1) fail(std::string("open ") + procsFile);
  const std::string number = std::to_string(pid);
  if (::write(fd, number.data(), number.size()) == -1) fail(std::string("write ") + procsFile);
  ::close(fd);
}

/** The first one waits for an RCU grace period, 12 ms or more: CRIU loads meanwhile. */
void putInCgroups(const Options& options, pid_t criu) {
  for (const char* file : options.procsFiles) putInCgroup(file, criu);
  constexpr std::string_view kJoined = "joined";
  // Nobody to be told is nobody who asks CRIU for anything.
  ::send(rpcSocket(options), kJoined.data(), kJoined.size(), MSG_NOSIGNAL);
}

void putFirstInPath(const char* directory) {
  const char* others = std::getenv("PATH");
  const std::string path = std::string(directory) + ":" + (others == nullptr ? "/usr/bin:/bin" : others);
  ::setenv("PATH", path.c_str(), 1);
}

[[noreturn]] void executeCriu(const Options& options) {
  // Where the monitor makes its socket for the terminal: nothing to CRIU, and what it runs.
  ::unsetenv("TMPDIR");
  if (options.pathFirst != nullptr) putFirstInPath(options.pathFirst);
  if (options.knowledge != nullptr && !tsctr::enterPrivateRun(options.knowledge))
    fail("make a /run for criu");
  const std::string rpc = std::to_string(options.rpc);
  ::execl(options.criu, options.criu, "swrk", rpc.c_str(), nullptr);
  fail(std::string("execve ") + options.criu);
}

[[noreturn]] void becomeCriu(const Options& options, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);
  int places = 3;
  for (const Inherited& each : options.inherited) {
    if (::dup3(each.fd, each.place, 0) == -1) fail("dup3");
    places = std::max(places, each.place + 1);
  }
  if (options.network.place != -1) {
    if (!tsctr::makeNetwork(options.network)) fail("make a network namespace");
    places = std::max(places, options.network.place + 1);
  }
  ::syscall(SYS_close_range, places, ~0U, CLOSE_RANGE_CLOEXEC);
  executeCriu(options);
}

/**
 * What a CRIU that failed, or was killed, has begun to restore: copies of it, which hold its socket and the
 * streams of the monitor, so that everybody would wait for them for ever.
 */
void killLeftovers(const Options& options) {
  if (!options.procsFiles.empty()) tsctr::killInCgroup(options.procsFiles.front());
}

}  // namespace

int main(int argc, char** argv) {
  Options options = parse(argc, argv);
  if (!options.restores) executeCriu(options);
  takeDescriptors(options);
  readOrders(options);
  takeDescriptors(options);
  tellConsoleSocket(options);
  const pid_t self = ::getpid();
  const pid_t criu = ::fork();
  if (criu == -1) fail("fork");
  if (criu == 0) becomeCriu(options, self);
  putInCgroups(options, criu);
  // Else nobody would see the end of CRIU at the other end of the socket.
  for (const Inherited& each : options.inherited) ::close(each.fd);
  int status = 0;
  while (::waitpid(criu, &status, 0) == -1) {
    if (errno != EINTR) fail("waitpid");
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  if (code != 0) killLeftovers(options);
  return code;
}
