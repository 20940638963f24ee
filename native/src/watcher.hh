// One thread that waits for descriptors to become readable and tells JavaScript so. Thousands of children and
// sockets wait here without holding a thread of libuv's pool. It only watches: what the readiness means is
// done in TypeScript.
#pragma once

#include <napi.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "unique_fd.hh"

namespace tsctr {

class Watcher {
 public:
  /** Calls `onEvent(id, readable)` on the JavaScript thread for each watch that ends. */
  Watcher(Napi::Env env, Napi::Function onEvent);
  ~Watcher();

  /** Watches a duplicate of `fd`, until it is readable or, unless `timeoutMs` is negative, the time has
   * passed. */
  uint32_t add(Napi::Env env, int fd, int timeoutMs);
  void cancel(Napi::Env env, uint32_t id);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watch {
    UniqueFd fd;
    Clock::time_point deadline;  // time_point::max(): none
  };
  struct Event {
    uint32_t id;
    bool readable;
  };
  static void deliver(Napi::Env env, Napi::Function onEvent, Watcher* watcher, Event* event);
  using Deliver = Napi::TypedThreadSafeFunction<Watcher, Event, &Watcher::deliver>;

  void run();
  int nextTimeoutMs();
  void expire();
  void fire(uint32_t id, bool readable);
  bool forget(uint32_t id);
  void wake();
  void ended(Napi::Env env);

  Deliver deliver_;
  UniqueFd epoll_;
  UniqueFd wakeUp_;
  uint32_t lastId_ = 0;  // of the JavaScript thread
  int pending_ = 0;      // of the JavaScript thread: watches whose event is not delivered yet
  std::mutex mutex_;     // guards the three below
  std::unordered_map<uint32_t, Watch> watches_;
  std::set<std::pair<Clock::time_point, uint32_t>> deadlines_;
  bool stopping_ = false;
  std::thread thread_;
};

void exposeWatcher(Napi::Env env, Napi::Object exports);

}  // namespace tsctr
