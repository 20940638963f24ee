#include "kill_in_cgroup.hh"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace tsctr {
namespace {

/** How many processes were there to be killed. */
int killListed(const std::filesystem::path& procsFile) {
  FILE* file = std::fopen(procsFile.c_str(), "re");
  if (file == nullptr) return 0;
  int count = 0;
  for (int pid; std::fscanf(file, "%d", &pid) == 1; count++) ::kill(pid, SIGKILL);
  std::fclose(file);
  return count;
}

/** In the cgroup of that `cgroup.procs`, and in those below it, which a container makes for its services. */
int killOnce(const std::filesystem::path& procsFile) {
  int count = killListed(procsFile);
  std::error_code ignored;
  std::filesystem::directory_iterator entry(procsFile.parent_path(), ignored);
  while (entry != std::filesystem::directory_iterator()) {
    // A cgroup that goes meanwhile has no processes.
    std::error_code gone;
    if (entry->is_directory(gone) && !entry->is_symlink(gone))
      count += killOnce(entry->path() / procsFile.filename());
    entry.increment(ignored);
  }
  return count;
}

}  // namespace

void killInCgroup(const char* procsFile) {
  constexpr int kTries = 1000;
  constexpr useconds_t kStepUs = 2000;
  for (int i = 0; i < kTries && killOnce(procsFile) > 0; i++) ::usleep(kStepUs);
}

}  // namespace tsctr
