// Keeps every signal away from the calling thread: handlers of Node must run on Node's own thread, and none
// may run in a child that still shares our memory. By the raw call, because sigprocmask(3) leaves out two
// signals of the C library.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace tsctr {

class BlockedSignals {
 public:
  BlockedSignals() { set(~UINT64_C(0), &previous_); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { set(previous_, nullptr); }

  static void set(uint64_t mask, uint64_t* previous) {
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, previous, sizeof mask);
  }

 private:
  uint64_t previous_ = 0;
};

}  // namespace tsctr
