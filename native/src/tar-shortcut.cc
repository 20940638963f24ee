// What CRIU finds as `tar`. It saves the contents of each tmpfs, and brings them back, by a tar that starts a
// shell that starts gzip: three programs for the dozen nodes and links of a container's /dev, and as many for
// each masked directory, which is empty. Here such a tree becomes the same kind of file (a tar in a gzip that
// compresses nothing) in one small program. Whatever is not that simple (other arguments, files of some size,
// hard links, attributes that do not fit, an archive that somebody else made) is left to the real tar, before
// anything has been read or written.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plain_gzip.hh"
#include "small_tree.hh"
#include "unique_fd.hh"

namespace {

using Arguments = std::vector<std::string_view>;

/** What CRIU 4 calls its tar with, criu/mount.c and filesystems.c; the directory stands in between. */
const Arguments kCreate = {"--create",          "--gzip",        "--no-unquote",           "--no-wildcards",
                           "--one-file-system", "--check-links", "--preserve-permissions", "--sparse",
                           "--numeric-owner",   "--directory"};
const Arguments kExtract = {"--extract", "--gzip", "--no-unquote", "--no-wildcards", "--directory"};

/** More than that compresses well, and takes its time anyway. */
constexpr size_t kMaxBytes = 1U << 20U;

bool startsWith(const Arguments& arguments, const Arguments& beginning) {
  return arguments.size() > beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), arguments.begin());
}

bool writeAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written == -1 && errno == EINTR) continue;
    if (written <= 0) return false;
    data.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/** The rest of a file, which stays where it is for whoever reads it after us. */
std::optional<std::string> readRest(int fd) {
  const off_t start = ::lseek(fd, 0, SEEK_CUR);
  struct stat status {};
  if (start == -1 || ::fstat(fd, &status) == -1 || status.st_size < start) return std::nullopt;
  // No more than there is: to clear a megabyte takes longer than all else that is done here.
  const auto size = static_cast<size_t>(status.st_size - start);
  if (size > kMaxBytes) return std::nullopt;
  std::string data(size, '\0');
  size_t length = 0;
  while (length < data.size()) {
    const ssize_t got =
        ::pread(fd, data.data() + length, data.size() - length, start + static_cast<off_t>(length));
    if (got == -1 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    length += static_cast<size_t>(got);
  }
  return data;
}

tsctr::UniqueFd openDirectory(std::string_view path) {
  return tsctr::UniqueFd(::open(std::string(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool create(std::string_view directory) {
  const tsctr::UniqueFd root = openDirectory(directory);
  if (root.get() == -1) return false;
  const std::optional<std::string> archive = tsctr::archiveTree(root.get(), kMaxBytes / 2);
  if (!archive) return false;
  if (writeAll(STDOUT_FILENO, tsctr::plainGzip(*archive))) return true;
  // Something is written, so that the real one cannot take over.
  std::perror("tar: write");
  std::_Exit(2);
}

bool extract(std::string_view directory) {
  const std::optional<std::string> data = readRest(STDIN_FILENO);
  if (!data) return false;
  const std::optional<std::string> archive = tsctr::readPlainGzip(*data);
  if (!archive) return false;
  const tsctr::UniqueFd root = openDirectory(directory);
  return root.get() != -1 && tsctr::extractTree(root.get(), *archive);
}

/** The next `tar` in PATH that is not this one. */
[[noreturn]] void becomeTar(char** argv) {
  struct stat self {};
  ::stat("/proc/self/exe", &self);
  const char* variable = std::getenv("PATH");
  std::string_view path = variable == nullptr ? "/usr/bin:/bin" : variable;
  while (!path.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    const std::string file = std::string(path.substr(0, end)) + "/tar";
    path.remove_prefix(std::min(end + 1, path.size()));
    struct stat other {};
    if (::stat(file.c_str(), &other) == -1) continue;
    if (other.st_dev == self.st_dev && other.st_ino == self.st_ino) continue;
    ::execv(file.c_str(), argv);
  }
  std::fputs("tar: found no tar in PATH\n", stderr);
  std::_Exit(127);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + 1, argv + argc);
  const bool creates =
      startsWith(arguments, kCreate) && arguments.size() == kCreate.size() + 2 && arguments.back() == ".";
  if (creates && create(arguments[kCreate.size()])) return 0;
  const bool extracts = startsWith(arguments, kExtract) && arguments.size() == kExtract.size() + 1;
  if (extracts && extract(arguments.back())) return 0;
  becomeTar(argv);
}
