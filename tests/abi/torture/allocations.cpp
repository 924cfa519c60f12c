// What a program defines comes before what its shared libraries define, hence these functions serve
// libjobqueue, libstdc++ and libcrypto, too. Below them is the allocator of the C library, or that
// of AddressSanitizer with all its checks. The sanitizer also has its own operator new, therefore
// that is replaced here as well.
#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#ifndef JOBQUEUE_ALLOCATOR_BELOW
#define JOBQUEUE_ALLOCATOR_BELOW __libc_
#endif
#define JOIN_NOW(a, b) a##b
#define JOIN(a, b) JOIN_NOW(a, b)
#define BELOW(name) JOIN(JOBQUEUE_ALLOCATOR_BELOW, name)

extern "C" {
void* BELOW(malloc)(std::size_t size) noexcept;
void* BELOW(calloc)(std::size_t count, std::size_t size) noexcept;
void* BELOW(realloc)(void* block, std::size_t size) noexcept;
void* BELOW(memalign)(std::size_t alignment, std::size_t size) noexcept;
void BELOW(free)(void* block) noexcept;
}

namespace {

// Atomic, because a sanitizer may bring threads; the tests have only one.
std::atomic<std::size_t> countdown{0};
std::atomic<bool> failing_from_then{false};
std::atomic<bool> failed{false};
std::atomic<std::size_t> live_blocks{0};
allocations::failure chosen = allocations::failure::once;

bool must_fail() noexcept {
  if (!failing_from_then) {
    if (countdown == 0 || --countdown != 0) return false;
    failing_from_then = chosen == allocations::failure::from_then;
  }
  failed = true;
  errno = ENOMEM;
  return true;
}

void* counted(void* block) noexcept {
  if (block != nullptr) ++live_blocks;
  return block;
}

}  // namespace

void allocations::fail_at(std::size_t number, failure how) {
  failed = false;
  failing_from_then = false;
  chosen = how;
  countdown = number;
}

bool allocations::has_failed() {
  countdown = 0;
  failing_from_then = false;
  return failed;
}

std::size_t allocations::live() { return live_blocks; }

extern "C" {

void* malloc(std::size_t size) noexcept {
  return must_fail() ? nullptr : counted(BELOW(malloc)(size));
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  return must_fail() ? nullptr : counted(BELOW(calloc)(count, size));
}

void* realloc(void* block, std::size_t size) noexcept {
  if (block == nullptr) return malloc(size);
  if (size == 0) {
    std::free(block);
    return nullptr;
  }
  return must_fail() ? nullptr : BELOW(realloc)(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return must_fail() ? nullptr : counted(BELOW(memalign)(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  void* const block = memalign(alignment, size);
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}

void free(void* block) noexcept {
  if (block == nullptr) return;
  --live_blocks;
  BELOW(free)(block);
}

}  // extern "C"

namespace {

void* allocate_or_throw(std::size_t size) {
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* allocate_or_throw(std::size_t size, std::align_val_t alignment) {
  void* const block = memalign(static_cast<std::size_t>(alignment), size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, alignment);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
