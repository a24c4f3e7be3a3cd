// libmuslcompat.a: what Debian's libgcc_eh.a, built for glibc 2.35 and later, asks of its C library and musl lacks:
// the loaded object that holds a program counter, with the address of its exception table header.
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

// As in glibc's <dlfcn.h>; the layout is part of its ABI.
struct dl_find_object {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  struct link_map* link_map;
  void* eh_frame;
  unsigned long long reserved[7];
};

struct search {
  uintptr_t pc;
  struct dl_find_object* found;
};

static int look_in(struct dl_phdr_info* object, size_t size, void* argument) {
  (void)size;
  struct search* search = argument;
  uintptr_t low = UINTPTR_MAX, high = 0;
  void* eh_frame = 0;
  int holds_pc = 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)* header = &object->dlpi_phdr[i];
    const uintptr_t start = object->dlpi_addr + header->p_vaddr, end = start + header->p_memsz;
    if (header->p_type == PT_LOAD) {
      if (start < low) low = start;
      if (end > high) high = end;
      if (search->pc >= start && search->pc < end) holds_pc = 1;
    } else if (header->p_type == PT_GNU_EH_FRAME) {
      eh_frame = (void*)start;
    }
  }
  if (!holds_pc || !eh_frame) return 0;
  *search->found = (struct dl_find_object){.map_start = (void*)low, .map_end = (void*)high, .eh_frame = eh_frame};
  return 1;
}

int _dl_find_object(void* pc, struct dl_find_object* found) {
  struct search search = {(uintptr_t)pc, found};
  return dl_iterate_phdr(look_in, &search) ? 0 : -1;
}
