#include "railgund/http2/session_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace railgun::http2 {
namespace {

constexpr std::size_t kMappedBytes = 16 * 1024;  // blocks of this size and more are mapped

// In front of each block.
struct alignas(std::max_align_t) Head {
  std::size_t bytes;  // of the block, without this
  bool is_mapped;
};

Head* head_of(void* block) { return static_cast<Head*>(block) - 1; }

void* allocate(std::size_t bytes, void*) noexcept {
  if (bytes > SIZE_MAX - sizeof(Head)) return nullptr;
  void* made = MAP_FAILED;
  if (bytes >= kMappedBytes)
    made = ::mmap(nullptr, bytes + sizeof(Head), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // A process may have only so many mappings (vm.max_map_count).
  const bool is_mapped = made != MAP_FAILED;
  if (!is_mapped) made = std::malloc(bytes + sizeof(Head));
  if (made == nullptr) return nullptr;
  return new (made) Head{.bytes = bytes, .is_mapped = is_mapped} + 1;
}

void release(void* block, void*) noexcept {
  if (block == nullptr) return;
  Head* const head = head_of(block);
  if (head->is_mapped) {
    ::munmap(head, head->bytes + sizeof(Head));
  } else {
    std::free(head);
  }
}

void* allocate_zeroed(std::size_t count, std::size_t size, void* user) noexcept {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* const made = allocate(count * size, user);
  if (made != nullptr && !head_of(made)->is_mapped) std::memset(made, 0, count * size);
  return made;
}

void* reallocate(void* block, std::size_t bytes, void* user) noexcept {
  void* const made = allocate(bytes, user);
  if (made == nullptr || block == nullptr) return made;
  std::memcpy(made, block, std::min(bytes, head_of(block)->bytes));
  release(block, user);
  return made;
}

}  // namespace

nghttp2_mem* session_memory() {
  static nghttp2_mem memory{.mem_user_data = nullptr,
                            .malloc = &allocate,
                            .free = &release,
                            .calloc = &allocate_zeroed,
                            .realloc = &reallocate};
  return &memory;
}

}  // namespace railgun::http2
