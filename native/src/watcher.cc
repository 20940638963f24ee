#include "watcher.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

#include "arguments.hh"
#include "blocked_signals.hh"
#include "errno.hh"
#include "instance.hh"

namespace tsctr {

namespace {
constexpr uint32_t kWakeUpId = 0;
}

Watcher::Watcher(Napi::Env env, Napi::Function onEvent)
    : epoll_(checked("epoll_create1", {}, [] { return ::epoll_create1(EPOLL_CLOEXEC); })),
      wakeUp_(checked("eventfd", {}, [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); })) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeUpId}};
  checked("epoll_ctl", {}, [&] { return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeUp_.get(), &event); });
  deliver_ = Deliver::New(env, onEvent, "tsctr:watcher", 0, 1, this);
  deliver_.Unref(env);
  thread_ = std::thread([this] { run(); });
}

Watcher::~Watcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  deliver_.Abort();
}

uint32_t Watcher::add(Napi::Env env, int fd, int timeoutMs) {
  // A duplicate: the same descriptor may be watched twice, and one that is closed elsewhere cannot leave the
  // watch hanging on a number that already means another file.
  UniqueFd own(checked("fcntl", {}, [&] { return ::fcntl(fd, F_DUPFD_CLOEXEC, 3); }));
  if (++lastId_ == kWakeUpId) ++lastId_;
  const uint32_t id = lastId_;
  const bool timed = timeoutMs >= 0;
  const auto deadline =
      timed ? Clock::now() + std::chrono::milliseconds(timeoutMs) : Clock::time_point::max();
  {
    const std::lock_guard lock(mutex_);
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.u64 = id}};
    const int added = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, own.get(), &event);
    const bool alwaysReadable = added == -1 && errno == EPERM;  // a regular file, as poll(2) says of it
    if (added == -1 && !alwaysReadable) throw SystemError{"epoll_ctl", errno, {}};
    watches_.emplace(id, Watch{std::move(own), deadline});
    if (timed) deadlines_.emplace(deadline, id);
    if (alwaysReadable) fire(id, true);
  }
  if (timed) wake();
  if (++pending_ == 1) deliver_.Ref(env);
  return id;
}

void Watcher::cancel(Napi::Env env, uint32_t id) {
  bool forgotten;
  {
    const std::lock_guard lock(mutex_);
    forgotten = forget(id);
  }
  // One that has fired in the meantime ends when its event is delivered.
  if (forgotten) ended(env);
}

void Watcher::deliver(Napi::Env env, Napi::Function onEvent, Watcher* watcher, Event* event) {
  const std::unique_ptr<Event> own(event);
  if (static_cast<napi_env>(env) == nullptr) return;
  watcher->ended(env);
  onEvent.Call({Napi::Number::New(env, own->id), Napi::Boolean::New(env, own->readable)});
}

void Watcher::ended(Napi::Env env) {
  if (--pending_ == 0) deliver_.Unref(env);
}

void Watcher::run() {
  const BlockedSignals blocked;
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), nextTimeoutMs());
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (int i = 0; i < count; i++) {
      const auto id = static_cast<uint32_t>(events[i].data.u64);
      if (id == kWakeUpId) {
        uint64_t ignored;
        (void)!::read(wakeUp_.get(), &ignored, sizeof ignored);
      } else {
        fire(id, true);
      }
    }
    expire();
  }
}

int Watcher::nextTimeoutMs() {
  const std::lock_guard lock(mutex_);
  if (deadlines_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadlines_.begin()->first - Clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT_MAX));
}

void Watcher::expire() {
  const auto now = Clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) fire(deadlines_.begin()->second, false);
}

void Watcher::fire(uint32_t id, bool readable) {
  // Absent: cancelled between epoll_wait and the lock.
  if (!forget(id)) return;
  auto event = std::make_unique<Event>(Event{id, readable});
  if (deliver_.NonBlockingCall(event.get()) == napi_ok) event.release();
}

bool Watcher::forget(uint32_t id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return false;
  // Closing the duplicate would not end the registration while another descriptor of the same file is open.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd.get(), nullptr);
  deadlines_.erase({found->second.deadline, id});
  watches_.erase(found);
  return true;
}

void Watcher::wake() {
  const uint64_t one = 1;
  (void)!::write(wakeUp_.get(), &one, sizeof one);
}

namespace {

Napi::Value startWatcher(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Instance& instance = Instance::of(env);
  instance.watcher = std::make_unique<Watcher>(env, info[0].As<Napi::Function>());
  // Hooks run last in, first out: this one before the hook that takes away the thread-safe function.
  env.AddCleanupHook([&instance] { instance.watcher.reset(); });
  return env.Undefined();
}

Napi::Value watch(const Napi::CallbackInfo& info) {
  const Arguments args(info, "epoll_ctl");
  Watcher& watcher = *Instance::of(info.Env()).watcher;
  return Napi::Number::New(info.Env(), watcher.add(info.Env(), args.integer(0), args.integer(1)));
}

Napi::Value unwatch(const Napi::CallbackInfo& info) {
  const Arguments args(info, "epoll_ctl");
  Instance::of(info.Env()).watcher->cancel(info.Env(), static_cast<uint32_t>(args.wide(0)));
  return info.Env().Undefined();
}

/** poll(2) that does not wait. */
Napi::Value isReadable(const Napi::CallbackInfo& info) {
  const Arguments args(info, "poll");
  pollfd watched{.fd = args.integer(0), .events = POLLIN | POLLRDHUP, .revents = 0};
  const int ready = args.call({}, [&] { return ::poll(&watched, 1, 0); });
  if ((watched.revents & POLLNVAL) != 0) throw SystemError{"poll", EBADF, {}};
  return Napi::Boolean::New(info.Env(), ready > 0);
}

}  // namespace

void exposeWatcher(Napi::Env env, Napi::Object exports) {
  expose<startWatcher>(env, exports, "startWatcher");
  expose<watch>(env, exports, "watch");
  expose<unwatch>(env, exports, "unwatch");
  expose<isReadable>(env, exports, "isReadable");
}

}  // namespace tsctr
