// A stack for a clone(2) child that shares our memory. It must outlive the child's use of our memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace tsctr {

class ChildStack {
 public:
  ChildStack() : memory_(new std::byte[kBytes]) {}
  /** Where the stack begins: it grows down on every architecture that Node runs on. */
  void* top() const {
    const auto end = reinterpret_cast<uintptr_t>(memory_.get() + kBytes);
    return reinterpret_cast<void*>(end & ~uintptr_t{15});
  }

 private:
  static constexpr size_t kBytes = 64 * 1024;
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace tsctr
