// Runs work on a thread of libuv's pool and settles a promise with its outcome: for what computes, or waits
// shortly and often. What waits for long, or changes its thread, is for PromiseWorker.
#pragma once

#include <napi.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "errno.hh"

namespace tsctr {

/** Thrown by work: the promise is rejected with an Error that has this `code` and this message. */
struct WorkFailure {
  const char* code;
  std::string message;
};

class PoolWorker : public Napi::AsyncWorker {
 public:
  /** `work` runs without JavaScript; it throws SystemError or WorkFailure to reject the promise. `result`
   * then runs with it. Both may use the memory of `kept`, which lives until then. */
  static Napi::Promise run(Napi::Env env, Napi::Object kept, std::function<void()> work,
                           std::function<Napi::Value(Napi::Env)> result) {
    // It deletes itself when it has settled.
    auto* worker = new PoolWorker(env, kept, std::move(work), std::move(result));
    const Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      work_();
    } catch (const WorkFailure& failure) {
      failure_ = failure;
    } catch (const SystemError& error) {
      error_ = error;
    }
  }

  void OnOK() override {
    if (failure_) {
      Napi::Error error = Napi::Error::New(Env(), failure_->message);
      error.Set("code", Napi::String::New(Env(), failure_->code));
      deferred_.Reject(error.Value());
    } else if (error_) {
      deferred_.Reject(toJavaScript(Env(), *error_).Value());
    } else {
      deferred_.Resolve(result_(Env()));
    }
  }

  /** What was thrown is none of ours: std::bad_alloc. */
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  PoolWorker(Napi::Env env, Napi::Object kept, std::function<void()> work,
             std::function<Napi::Value(Napi::Env)> result)
      : Napi::AsyncWorker(env, "tsctr:pool-worker"),
        kept_(Napi::Persistent(kept)),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        result_(std::move(result)) {}

  Napi::ObjectReference kept_;
  Napi::Promise::Deferred deferred_;
  std::function<void()> work_;
  std::function<Napi::Value(Napi::Env)> result_;
  std::optional<WorkFailure> failure_;
  std::optional<SystemError> error_;
};

}  // namespace tsctr
