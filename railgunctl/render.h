// Words and tables for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/control/status.h"

namespace railgun::ctl {

std::string count_text(std::uint64_t count);                      // 1,234,567
std::string bytes_text(std::uint64_t bytes);                      // 92.5 KB: thousands, as network people count
std::string binary_text(std::uint64_t bytes);                     // 64.0 MiB: as memory is counted
std::string share_text(std::uint64_t part, std::uint64_t whole);  // 12.5 %, or "-" of nothing
std::string span_text(double seconds);                            // 250 µs, 85 ms, 12 s, 3 h 12 min, 4 d 3 h
std::string date_text(std::int64_t seconds_since_1970);           // 2024-01-31 12:00 UTC, or "never"

// "label      text" and a line's end. A text longer than a terminal is wide is broken between words, and goes on below.
std::string labelled(std::string_view label, std::string_view text);
std::string wrapped(std::string_view first_indent, std::string_view indent, std::string_view text);

// Columns as wide as their longest cell; numbers (cells that start with a digit) to the right.
// Cells lose control characters: they may come from a peer.
std::string table(const std::vector<std::string>& heads, const std::vector<std::vector<std::string>>& rows);

std::string render(const control::Status& status);
std::string render_links(const control::Status& status);
std::string render_sites(const control::Status& status);
std::string render_problems(const std::vector<control::Problem>& problems);

}  // namespace railgun::ctl
