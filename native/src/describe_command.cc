// Tells the daemon about a command and the process that gives it: fields `name=value`, each with a NUL behind
// it, as cli/hosted/command-request.ts reads them.
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "hosted_command.hh"

extern char** environ;

namespace tsctr {

namespace {

class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(value).push_back('\0');
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::optional<std::string> readLink(const char* path) {
  char target[64];
  const ssize_t length = readlink(path, target, sizeof target);
  if (length <= 0 || length == sizeof target) return std::nullopt;
  return std::string(target, static_cast<size_t>(length));
}

/** Which build of the program this is: another one may answer otherwise. */
std::optional<std::string> identityOf(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) == -1) return std::nullopt;
  const long long modifiedNs = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec;
  return std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino) + ':' +
         std::to_string(found.st_size) + ':' + std::to_string(modifiedNs);
}

/** As much of the environment as commands read. */
bool isRead(std::string_view variable) {
  return variable.starts_with("TSCTR_") || variable.starts_with("NO_COLOR=") || variable.starts_with("TERM=");
}

/** Whether something asks for Node itself. */
bool isForNode(std::string_view variable) {
  for (const std::string_view name : {"NODE_OPTIONS=", "NODE_V8_COVERAGE=", "NODE_DEBUG="}) {
    if (variable.starts_with(name) && variable.size() > name.size()) return true;
  }
  return false;
}

void addTerminals(Fields& fields) {
  const bool out = isatty(STDOUT_FILENO) == 1;
  const bool err = isatty(STDERR_FILENO) == 1;
  fields.add("terminals", std::string(out ? "1" : "") + (err ? "2" : ""));
  winsize size{};
  if (out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) fields.add("columns", std::to_string(size.ws_col));
}

}  // namespace

std::optional<std::string> describeCommand(int argc, char** argv, const std::string& mainScript) {
  struct stat slash {};
  char cwd[PATH_MAX];
  const auto program = identityOf(mainScript);
  const auto mounts = readLink("/proc/self/ns/mnt");
  const auto users = readLink("/proc/self/ns/user");
  if (!program || !mounts || !users || stat("/", &slash) == -1) return std::nullopt;
  // A directory that is out of reach has no path.
  if (getcwd(cwd, sizeof cwd) == nullptr || cwd[0] != '/') return std::nullopt;
  Fields fields;
  fields.add("program", *program);
  fields.add("mounts", *mounts);
  fields.add("users", *users);
  fields.add("user", std::to_string(geteuid()));
  fields.add("slash", std::to_string(slash.st_dev) + ':' + std::to_string(slash.st_ino));
  fields.add("cwd", cwd);
  addTerminals(fields);
  for (char** variable = environ; *variable != nullptr; variable++) {
    if (isForNode(*variable)) return std::nullopt;
    if (isRead(*variable)) fields.add("env", *variable);
  }
  for (int i = 1; i < argc; i++) fields.add("arg", argv[i]);
  return fields.take();
}

}  // namespace tsctr
