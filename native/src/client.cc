// tsctr itself: lets the daemon run the command line, where there is one that can, and Node where there is
// none. Starting Node takes longer than starting a container.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon_socket.hh"
#include "hosted_command.hh"

namespace {

/** How long the daemon may take to answer at all; behind that Node asks again, and tells what is wrong. */
constexpr int kAnswerTimeoutMs = 5000;

/** The directory of the package: this program lies in build/Release or in prebuilds/<machine>. */
std::string packageRoot() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0 || length == sizeof path) return "";
  std::string root(path, static_cast<size_t>(length));
  for (int level = 0; level < 3; level++) root.resize(root.find_last_of('/'));
  return root;
}

/**
 * Where the daemon would be, as far as a glance at the words tells; nothing when there is doubt. The daemon
 * reads them properly, and gives back what was not meant for it.
 */
std::optional<std::string> runDirectory(int argc, char** argv) {
  constexpr std::string_view kOption = "--run";
  const char* variable = std::getenv("TSCTR_RUN");
  std::string run = variable == nullptr ? "/run/tsctr" : variable;
  for (int i = 1; i < argc; i++) {
    const std::string_view word(argv[i]);
    if (word == "--") break;
    if (word == kOption) {
      if (++i == argc) return std::nullopt;
      run = argv[i];
    } else if (word.starts_with(kOption) && word.size() > kOption.size() && word[kOption.size()] == '=') {
      run = word.substr(kOption.size() + 1);
    }
  }
  if (run.empty()) return std::nullopt;
  return run;
}

/** Node puts /dev/null where a stream is missing; that is left to it. */
bool hasStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) == -1) return false;
  }
  return true;
}

std::optional<int> runInDaemon(int argc, char** argv, const std::string& mainScript) {
  const auto run = runDirectory(argc, argv);
  if (!run || argc < 2 || !hasStreams()) return std::nullopt;
  const int socket = tsctr::connectDaemon(*run, kAnswerTimeoutMs);
  if (socket == -1) return std::nullopt;
  std::optional<int> exitCode;
  const auto description = tsctr::describeCommand(argc, argv, mainScript);
  if (description && tsctr::upgradeToCommand(socket, kAnswerTimeoutMs)) {
    exitCode = tsctr::relayCommand(socket, *description);
  }
  close(socket);
  return exitCode;
}

[[noreturn]] void runInNode(int argc, char** argv, const std::string& mainScript) {
  if (access(mainScript.c_str(), F_OK) == -1) {
    std::fprintf(stderr, "tsctr: %s is missing: run `npm run build` first\n", mainScript.c_str());
    std::exit(1);
  }
  std::vector<char*> words{const_cast<char*>("node"), const_cast<char*>(mainScript.c_str())};
  words.insert(words.end(), argv + 1, argv + argc);
  words.push_back(nullptr);
  execvp("node", words.data());
  std::fprintf(stderr, "tsctr: execve node: %s\n", std::strerror(errno));
  std::exit(127);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mainScript = packageRoot() + "/dist/main.js";
  if (const auto exitCode = runInDaemon(argc, argv, mainScript)) return *exitCode;
  runInNode(argc, argv, mainScript);
}
