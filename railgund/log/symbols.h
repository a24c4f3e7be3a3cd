// Finds the loaded file and the function of an address, for the crash reporter. The symbol table of the program's own
// file is mapped in advance, so that a look-up only reads memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct dl_phdr_info;

namespace railgun::log {

class Symbols {
 public:
  // Maps /proc/self/exe for the life of the process. If that fails or the file is stripped, look-ups find nothing.
  void load();

  struct Place {
    std::string_view name;  // mangled; empty if unknown
    std::uintptr_t offset = 0;
  };
  // Async-signal-safe.
  Place find(std::uintptr_t address) const;
  // The file that the address was loaded from, and the address within that file, as addr2line expects it.
  struct InFile {
    std::string_view file;  // without its directory; "?" if unknown
    std::uintptr_t address = 0;
  };
  // Async-signal-safe.
  InFile in_file(std::uintptr_t address) const;
  // True if the address is in the code of the program's own file. Async-signal-safe.
  bool is_code(std::uintptr_t address) const { return address >= code_low_ && address < code_high_; }
  // The linker's id of this build as hex digits, empty if it has none.
  std::string_view build_id() const { return {build_id_, build_id_size_}; }

 private:
  static constexpr std::size_t kMaxFiles = 64;
  struct File {
    std::uintptr_t bias = 0, low = 0, high = 0;
    char name[64] = {};
  };
  static int note_file(dl_phdr_info* info, std::size_t, void* symbols) noexcept;

  File files_[kMaxFiles];  // the first is the program
  std::size_t file_count_ = 0;
  std::uintptr_t code_low_ = 0, code_high_ = 0;
  const void* table_ = nullptr;
  std::size_t count_ = 0;
  const char* names_ = nullptr;
  std::size_t names_size_ = 0;
  char build_id_[64] = {};
  std::size_t build_id_size_ = 0;
};

}  // namespace railgun::log
