// Names of the functions of this program, for the crash reporter: reads the symbol table of its own file, which is
// mapped beforehand, so that a look-up is nothing but reading memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace railgun::log {

class Symbols {
 public:
  // Maps /proc/self/exe for the life of the process. Finds nothing if that fails or the file is stripped.
  void load();

  struct Place {
    std::string_view name;  // mangled; empty if unknown
    std::uintptr_t offset = 0;
  };
  // Async-signal-safe.
  Place find(std::uintptr_t address) const;
  // The address as tools like addr2line want it for this program's file.
  std::uintptr_t in_file(std::uintptr_t address) const { return address - load_bias_; }
  // The linker's id of this build as hex digits, empty if it has none.
  std::string_view build_id() const { return {build_id_, build_id_size_}; }

 private:
  std::uintptr_t load_bias_ = 0;
  const void* table_ = nullptr;
  std::size_t count_ = 0;
  const char* names_ = nullptr;
  std::size_t names_size_ = 0;
  char build_id_[64] = {};
  std::size_t build_id_size_ = 0;
};

}  // namespace railgun::log
