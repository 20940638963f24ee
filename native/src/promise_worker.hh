// Runs work on a thread of its own and settles a promise with the outcome: for work that changes its thread
// (namespaces) and would poison a thread of libuv's pool.
#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "blocked_signals.hh"
#include "errno.hh"

namespace tsctr {

class PromiseWorker {
 public:
  /** `work` runs without JavaScript; it throws SystemError to reject the promise, which otherwise resolves to
   * undefined. */
  static Napi::Promise run(Napi::Env env, std::function<void()> work) {
    auto job = std::make_unique<PromiseWorker>(env, std::move(work));
    const Napi::Promise promise = job->deferred_.Promise();
    const Settle settle = Settle::New(env, "tsctr:promise-worker", 0, 1);
    try {
      std::thread([settle, job = job.get()] { executeAndSettle(settle, job); }).detach();
      job.release();
    } catch (const std::system_error& error) {
      // There may be no more threads: pids.max of the cgroup.
      settle.Release();
      const SystemError failure{"pthread_create", error.code().value(), {}};
      job->deferred_.Reject(toJavaScript(env, failure).Value());
    }
    return promise;
  }

  PromiseWorker(Napi::Env env, std::function<void()> work)
      : deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}

 private:
  void execute() {
    try {
      work_();
    } catch (const SystemError& error) {
      error_ = error;
    } catch (const std::exception& error) {
      unexpected_ = error.what();
    }
  }

  static void settle(Napi::Env env, Napi::Function, std::nullptr_t*, PromiseWorker* worker) {
    const std::unique_ptr<PromiseWorker> job(worker);
    if (static_cast<napi_env>(env) == nullptr) return;
    if (job->error_) {
      job->deferred_.Reject(toJavaScript(env, *job->error_).Value());
    } else if (job->unexpected_) {
      job->deferred_.Reject(Napi::Error::New(env, *job->unexpected_).Value());
    } else {
      job->deferred_.Resolve(env.Undefined());
    }
  }

  using Settle = Napi::TypedThreadSafeFunction<std::nullptr_t, PromiseWorker, &PromiseWorker::settle>;

  /** What the thread does, to which `worker` belongs. */
  static void executeAndSettle(Settle settle, PromiseWorker* worker) {
    std::unique_ptr<PromiseWorker> job(worker);
    const BlockedSignals blocked;
    job->execute();
    // When the environment is going away the call refuses the job, and nobody waits for its promise any more.
    if (settle.BlockingCall(job.get()) != napi_ok) return;
    job.release();
    settle.Release();
  }

  Napi::Promise::Deferred deferred_;
  std::function<void()> work_;
  std::optional<SystemError> error_;
  std::optional<std::string> unexpected_;
};

}  // namespace tsctr
