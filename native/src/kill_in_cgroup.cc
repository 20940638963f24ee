#include "kill_in_cgroup.hh"

#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace tsctr {
namespace {

/** How many processes were there to be killed. */
int killOnce(const char* procsFile) {
  FILE* file = std::fopen(procsFile, "re");
  if (file == nullptr) return 0;
  int count = 0;
  for (int pid; std::fscanf(file, "%d", &pid) == 1; count++) ::kill(pid, SIGKILL);
  std::fclose(file);
  return count;
}

}  // namespace

void killInCgroup(const char* procsFile) {
  constexpr int kTries = 1000;
  constexpr useconds_t kStepUs = 2000;
  for (int i = 0; i < kTries && killOnce(procsFile) > 0; i++) ::usleep(kStepUs);
}

}  // namespace tsctr
