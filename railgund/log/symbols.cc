#include "railgund/log/symbols.h"

#include <algorithm>
#include <cstring>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace railgun::log {
namespace {

struct Found {
  std::uintptr_t bias = 0;
  const std::uint8_t* id = nullptr;
  std::size_t id_size = 0;
};

// The first object is the program itself.
int look_at_program(dl_phdr_info* info, std::size_t, void* context) noexcept {
  Found& found = *static_cast<Found*>(context);
  found.bias = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const std::uint8_t*>(info->dlpi_addr + header.p_vaddr);
    const auto* const end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const auto* const name = at + sizeof note;
      const auto* const body = name + ((note.n_namesz + 3) & ~3u);
      if (body + note.n_descsz > end) break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
        found.id = body;
        found.id_size = note.n_descsz;
      }
      at = body + ((note.n_descsz + 3) & ~3u);
    }
  }
  return 1;
}

}  // namespace

void Symbols::load() {
  Found found;
  dl_iterate_phdr(look_at_program, &found);
  load_bias_ = found.bias;
  static constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < std::min(found.id_size, sizeof build_id_ / 2); ++i) {
    build_id_[build_id_size_++] = kDigits[found.id[i] >> 4];
    build_id_[build_id_size_++] = kDigits[found.id[i] & 15];
  }

  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status{};
  void* mapped = MAP_FAILED;
  if (::fstat(file, &status) == 0 && status.st_size > 0) {
    mapped = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
  }
  ::close(file);
  if (mapped == MAP_FAILED) return;

  const auto* const start = static_cast<const std::uint8_t*>(mapped);
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(start);
  if (size < sizeof *header || header->e_shoff + std::size_t{header->e_shnum} * sizeof(ElfW(Shdr)) > size) return;
  const auto* const sections = reinterpret_cast<const ElfW(Shdr)*>(start + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    const ElfW(Shdr)& section = sections[i];
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= header->e_shnum) continue;
    const ElfW(Shdr)& strings = sections[section.sh_link];
    if (section.sh_offset + section.sh_size > size || strings.sh_offset + strings.sh_size > size) return;
    table_ = start + section.sh_offset;
    count_ = section.sh_size / sizeof(ElfW(Sym));
    names_ = reinterpret_cast<const char*>(start + strings.sh_offset);
    names_size_ = strings.sh_size;
  }
}

Symbols::Place Symbols::find(std::uintptr_t address) const {
  const std::uintptr_t wanted = in_file(address);
  const auto* const symbols = static_cast<const ElfW(Sym)*>(table_);
  for (std::size_t i = 0; i < count_; ++i) {
    const ElfW(Sym)& symbol = symbols[i];
    const bool is_function = (symbol.st_info & 15) == STT_FUNC && symbol.st_shndx != SHN_UNDEF;
    if (!is_function || wanted < symbol.st_value || wanted - symbol.st_value >= symbol.st_size) continue;
    if (symbol.st_name >= names_size_) continue;
    const char* const name = names_ + symbol.st_name;
    return {{name, ::strnlen(name, names_size_ - symbol.st_name)}, wanted - symbol.st_value};
  }
  return {};
}

}  // namespace railgun::log
