#include "railgund/log/symbols.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace railgun::log {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

struct Note {
  const std::uint8_t* id = nullptr;
  std::size_t size = 0;
};

// Finds the linker's build id in the notes of a loaded file.
Note build_id_of(const dl_phdr_info& info) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): so the loader tells it
    const auto* at = reinterpret_cast<const std::uint8_t*>(info.dlpi_addr + header.p_vaddr);
    const auto* const end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const auto* const name = at + sizeof note;
      const auto* const body = name + ((note.n_namesz + 3) & ~3u);
      if (body + note.n_descsz > end) break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
        return {body, note.n_descsz};
      at = body + ((note.n_descsz + 3) & ~3u);
    }
  }
  return {};
}

}  // namespace

// The first is the program itself.
int Symbols::note_file(dl_phdr_info* info, std::size_t, void* symbols) noexcept {
  Symbols& self = *static_cast<Symbols*>(symbols);
  if (self.file_count_ == kMaxFiles) return 1;
  File& file = self.files_[self.file_count_++];
  file.bias = info->dlpi_addr;
  file.low = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    file.low = std::min<std::uintptr_t>(file.low, info->dlpi_addr + header.p_vaddr);
    file.high = std::max<std::uintptr_t>(file.high, info->dlpi_addr + header.p_vaddr + header.p_memsz);
    if (self.file_count_ == 1 && (header.p_flags & PF_X) != 0) {
      self.code_low_ = info->dlpi_addr + header.p_vaddr;
      self.code_high_ = self.code_low_ + header.p_memsz;
    }
  }
  std::string_view name = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  name = name.substr(name.rfind('/') + 1);  // the whole name if it has no slash
  if (self.file_count_ == 1) {
    name = program_invocation_short_name;
    const Note note = build_id_of(*info);
    for (std::size_t i = 0; i < std::min(note.size, sizeof self.build_id_ / 2); ++i) {
      self.build_id_[self.build_id_size_++] = kDigits[note.id[i] >> 4];
      self.build_id_[self.build_id_size_++] = kDigits[note.id[i] & 15];
    }
  }
  if (name.empty()) name = "?";
  name.copy(file.name, sizeof file.name - 1);
  return 0;
}

Symbols::InFile Symbols::in_file(std::uintptr_t address) const {
  for (std::size_t i = 0; i < file_count_; ++i) {
    const File& file = files_[i];
    if (address >= file.low && address < file.high) return {file.name, address - file.bias};
  }
  return {"?", address};
}

void Symbols::load() {
  file_count_ = build_id_size_ = 0;
  dl_iterate_phdr(note_file, this);

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
  if (file_count_ == 0 || address < files_[0].low || address >= files_[0].high) return {};
  const std::uintptr_t wanted = address - files_[0].bias;
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
