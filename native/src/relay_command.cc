// Carries the streams of a command that the daemon runs: frames of one letter, a length of four bytes, and
// that, as cli/hosted/frames.ts has them.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "hosted_command.hh"

namespace tsctr {

namespace {

constexpr int kSucceeded = 0;
constexpr int kFailed = 1;
constexpr int kInterrupted = 130;

constexpr char kCommand = 'c', kInput = 'i', kEndOfInput = 'e', kInterrupt = 's', kReaderGone = 'g';
constexpr char kLastWords = 'l', kOut = 'o', kErr = 'r', kWantsInput = 'i', kExit = 'x', kElsewhere = 'n';

// For the signal handler, which has nothing else to go by.
int daemonSocket = -1;
volatile sig_atomic_t interrupts = 0;
volatile sig_atomic_t isSending = 0;

bool sendAll(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(daemonSocket, bytes, size, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

void sendInterrupt() {
  const char frame[5] = {kInterrupt, 0, 0, 0, 0};
  send(daemonSocket, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void onInterrupt(int) {
  const int error = errno;
  interrupts = interrupts + 1;
  // Whoever presses Ctrl-C twice does not want to wait for anything.
  if (interrupts > 1) _exit(kInterrupted);
  if (isSending == 0) sendInterrupt();
  errno = error;
}

/** False when the daemon has gone. An interrupt in the meantime goes behind the frame, not into it. */
bool sendFrame(char type, const char* bytes, size_t size) {
  const int before = interrupts;
  isSending = 1;
  const auto length = static_cast<uint32_t>(size);
  const char header[5] = {type, static_cast<char>(length >> 24), static_cast<char>(length >> 16),
                          static_cast<char>(length >> 8), static_cast<char>(length)};
  const bool isSent = sendAll(header, sizeof header) && sendAll(bytes, size);
  isSending = 0;
  if (interrupts != before) sendInterrupt();
  return isSent;
}

/** 0, or the errno of what keeps it from being written; EPIPE is no failure: `tsctr get | head -1`. */
int print(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd writable{fd, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/** What the daemon has told so far, and what came of it. */
class Relay {
 public:
  /** Everything that arrives; true when that was the end. */
  bool receive() {
    char bytes[65536];
    const ssize_t size = recv(daemonSocket, bytes, sizeof bytes, 0);
    if (size == -1 && errno == EINTR) return false;
    if (size <= 0) {
      print(STDERR_FILENO, lastWords_);
      exitCode_ = kFailed;
      return true;
    }
    pending_.append(bytes, static_cast<size_t>(size));
    return takeFrames();
  }

  /** A piece of standard input for the daemon. */
  void passInput() {
    char bytes[65536];
    const ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size == -1 && (errno == EINTR || errno == EAGAIN)) return;
    if (size > 0) {
      sendFrame(kInput, bytes, static_cast<size_t>(size));
      return;
    }
    // What was read of it so far must not be taken for all.
    const std::string_view why = size == -1 ? strerrorname_np(errno) : "";
    wantsInput_ = false;
    sendFrame(kEndOfInput, why.data(), why.size());
  }

  bool wantsInput() const { return wantsInput_; }

  std::optional<int> exitCode() const {
    return exitCode_ == kSucceeded && hasLostOutput_ ? kFailed : exitCode_;
  }

 private:
  static constexpr size_t kHeader = 5;

  bool takeFrames() {
    size_t at = 0;
    bool isOver = false;
    while (!isOver && pending_.size() - at >= kHeader) {
      uint32_t length = 0;
      for (size_t i = 1; i < kHeader; i++)
        length = length << 8 | static_cast<unsigned char>(pending_[at + i]);
      if (pending_.size() - at - kHeader < length) break;
      isOver = take(pending_[at], std::string_view(pending_).substr(at + kHeader, length));
      at += kHeader + length;
    }
    pending_.erase(0, at);
    return isOver;
  }

  bool take(char type, std::string_view payload) {
    switch (type) {
      case kOut:
        if (hasReader_) printOutput(payload);
        return false;
      case kErr:
        print(STDERR_FILENO, payload);
        return false;
      case kLastWords:
        lastWords_ = payload;
        return false;
      case kWantsInput:
        wantsInput_ = true;
        return false;
      case kElsewhere:
        return true;
      case kExit: {
        int code = kFailed;
        std::from_chars(payload.data(), payload.data() + payload.size(), code);
        exitCode_ = code;
        return true;
      }
      default:
        exitCode_ = kFailed;
        return true;
    }
  }

  /** The daemon knows whether it is the end of the command when nothing more can be written. */
  void printOutput(std::string_view text) {
    const int error = print(STDOUT_FILENO, text);
    if (error == 0) return;
    hasReader_ = false;
    hasLostOutput_ = error != EPIPE;
    if (hasLostOutput_)
      print(STDERR_FILENO, std::string("error: write standard output: ") + strerrorname_np(error) + "\n");
    sendFrame(kReaderGone, nullptr, 0);
  }

  std::string pending_;
  /** Until the daemon has begun, and has given better ones. */
  std::string lastWords_ = "error: the daemon ended before it had answered\n";
  bool wantsInput_ = false;
  bool hasReader_ = true;
  bool hasLostOutput_ = false;
  std::optional<int> exitCode_;
};

/** Sets what happens on Ctrl-C, on SIGTERM and on output that nobody reads, as long as it lives. */
class Signals {
 public:
  Signals() {
    struct sigaction interrupt {};
    interrupt.sa_handler = onInterrupt;
    interrupt.sa_flags = SA_RESTART;
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &interrupt, &int_);
    sigaction(SIGTERM, &interrupt, &term_);
    sigaction(SIGPIPE, &ignore, &pipe_);
  }
  ~Signals() {
    sigaction(SIGINT, &int_, nullptr);
    sigaction(SIGTERM, &term_, nullptr);
    sigaction(SIGPIPE, &pipe_, nullptr);
  }

 private:
  struct sigaction int_ {};
  struct sigaction term_ {};
  struct sigaction pipe_ {};
};

}  // namespace

std::optional<int> relayCommand(int socket, const std::string& description) {
  daemonSocket = socket;
  const Signals signals;
  sendFrame(kCommand, description.data(), description.size());
  Relay relay;
  for (;;) {
    pollfd sources[2] = {{socket, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(sources, relay.wantsInput() ? 2 : 1, -1) == -1) continue;
    if (sources[0].revents != 0 && relay.receive()) break;
    if (relay.wantsInput() && sources[1].revents != 0) relay.passInput();
  }
  // What was interrupted before it was given back is not begun.
  if (!relay.exitCode() && interrupts > 0) return kInterrupted;
  return relay.exitCode();
}

}  // namespace tsctr
