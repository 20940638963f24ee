// The arguments of one call from JavaScript, and its result. The types were checked by TypeScript; what is
// left to check is the zero byte, at which a C string would end early and name another file.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

#include "errno.hh"

namespace tsctr {

class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* syscall) : info_(info), syscall_(syscall) {}

  Napi::Env env() const { return info_.Env(); }
  int integer(size_t index) const { return info_[index].As<Napi::Number>().Int32Value(); }
  int64_t wide(size_t index) const { return info_[index].As<Napi::Number>().Int64Value(); }
  uint64_t flags(size_t index) const { return static_cast<uint64_t>(wide(index)); }
  bool absent(size_t index) const { return info_[index].IsNull() || info_[index].IsUndefined(); }

  int64_t bigint(size_t index) const {
    bool lossless = false;
    const int64_t value = info_[index].As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless) throw SystemError{syscall_, EOVERFLOW, {}};
    return value;
  }

  std::string string(size_t index) const { return toString(info_[index]); }
  std::string toString(const Napi::Value& value) const {
    std::string text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') != std::string::npos) throw SystemError{syscall_, EINVAL, text};
    return text;
  }

  Napi::Uint8Array bytes(size_t index) const { return info_[index].As<Napi::Uint8Array>(); }

  Napi::Value pair(int first, int second) const {
    Napi::Array result = Napi::Array::New(env(), 2);
    result.Set(0u, Napi::Number::New(env(), first));
    result.Set(1u, Napi::Number::New(env(), second));
    return result;
  }

  /** Runs the system call; throws SystemError with `path` when it fails. */
  template <typename Call>
  auto call(const std::string& path, Call call) const {
    return checked(syscall_, path, call);
  }
  template <typename Call>
  Napi::Value callForNumber(const std::string& path, Call call) const {
    return Napi::Number::New(env(), static_cast<double>(checked(syscall_, path, call)));
  }
  template <typename Call>
  Napi::Value callForNothing(const std::string& path, Call call) const {
    checked(syscall_, path, call);
    return env().Undefined();
  }

 private:
  const Napi::CallbackInfo& info_;
  const char* syscall_;
};

/** `text`, or the null pointer when the argument was null. */
class OptionalString {
 public:
  OptionalString(const Arguments& args, size_t index)
      : present_(!args.absent(index)), text_(present_ ? args.string(index) : std::string()) {}
  const char* c_str() const { return present_ ? text_.c_str() : nullptr; }
  const std::string& text() const { return text_; }

 private:
  bool present_;
  std::string text_;
};

}  // namespace tsctr
