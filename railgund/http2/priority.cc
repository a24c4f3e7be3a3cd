#include "railgund/http2/priority.h"

#include "railgund/http/syntax.h"

namespace railgun::http2 {
namespace {

// Reads structured fields from the front of a text, as far as RFC 9218 needs them: members with any bare item, and
// parameters, which mean nothing here.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (!text_.empty() && http::is_blank(text_.front())) text_.remove_prefix(1);
  }
  std::string_view key() {
    std::size_t count = 0;
    while (count < text_.size() && (is_lower(text_[count]) || text_[count] == '*' ||
                                    (count > 0 && (http::is_digit(text_[count]) || text_[count] == '_' ||
                                                   text_[count] == '-' || text_[count] == '.')))) {
      ++count;
    }
    return take_first(count);
  }
  // A bare item as it is written; empty: there is none, or it is not closed.
  std::string_view item() {
    if (!text_.empty() && text_.front() == '"') return quoted();
    std::size_t count = 0;
    while (count < text_.size() && std::string_view(",; \t\"").find(text_[count]) == std::string_view::npos) ++count;
    return take_first(count);
  }
  // Parameters of a member: ";key" or ";key=item", any number. False: malformed.
  bool skip_parameters() {
    while (take(';')) {
      while (take(' ')) {
      }
      if (key().empty()) return false;
      if (take('=') && item().empty()) return false;
    }
    return true;
  }

 private:
  static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
  std::string_view take_first(std::size_t count) {
    const std::string_view taken = text_.substr(0, count);
    text_.remove_prefix(count);
    return taken;
  }
  std::string_view quoted() {
    std::size_t end = 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return end < text_.size() ? take_first(end + 1) : std::string_view{};
  }

  std::string_view text_;
};

// One member's value: changes `priority` if it is one of ours and of its type; others are ignored.
void apply_member(std::string_view key, std::string_view item, Priority& priority) {
  if (key == "u" && item.size() == 1 && item[0] >= '0' && item[0] <= '7')
    priority.urgency = static_cast<std::uint8_t>(item[0] - '0');
  if (key == "i" && item == "?1") priority.incremental = true;
  if (key == "i" && item == "?0") priority.incremental = false;
}

}  // namespace

bool apply_priority(std::string_view value, Priority& priority) {
  Priority changed = priority;
  Reader in(http::trim_blanks(value));
  while (!in.at_end()) {
    const std::string_view key = in.key();
    if (key.empty()) return false;
    std::string_view item = "?1";  // a key alone is a boolean that is true
    if (in.take('=')) item = in.item();
    if (item.empty() || !in.skip_parameters()) return false;
    apply_member(key, item, changed);
    in.skip_blanks();
    if (in.at_end()) break;
    if (!in.take(',')) return false;
    in.skip_blanks();
    if (in.at_end()) return false;  // a comma with nothing behind it
  }
  priority = changed;
  return true;
}

std::optional<Priority> parse_priority(std::string_view value) {
  Priority priority{.urgency = 3, .incremental = false};
  if (!apply_priority(value, priority)) return std::nullopt;
  return priority;
}

}  // namespace railgun::http2
