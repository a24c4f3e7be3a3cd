// Memory of the process and of the machine.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::app {

// Sets malloc up: big tables are returned to the system when they are freed, what a turn of the loop needs is kept. Call
// it before threads start. Does nothing in the portable build, whose allocator returns memory by itself.
void tune_allocator();
// Returns what is free to the system. Takes a few milliseconds.
void return_free_memory();

// Resident memory of the process in bytes; 0 where the system does not say.
std::uint64_t resident_bytes();

// Memory that the process may use: of the machine, or of its cgroup if that has less; 0 where the system does not say.
std::uint64_t usable_bytes();
// The same below another root than "/", for tests.
std::uint64_t usable_bytes(const std::string& root);

// memory.limit as it is applied: at most half of `usable` (0: not known), so that the daemon never is the reason why
// the machine or its cgroup runs out of memory.
std::uint64_t applied_limit(std::uint64_t limit_bytes, std::uint64_t usable);

// Sanitizers keep freed memory, so resident memory says nothing there.
bool is_resident_memory_meaningful();

}  // namespace railgun::app
