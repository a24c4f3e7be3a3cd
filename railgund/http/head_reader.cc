#include "railgund/http/head_reader.h"

#include <algorithm>

#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"

namespace railgun::http {

Judged<std::size_t> HeadReader::read(ByteView bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !complete_) {
    if (const std::size_t run = plain_run(bytes.subspan(taken)); run > 0) {
      append(head_, bytes.subspan(taken, run));
      taken += run;
      continue;
    }
    const char c = static_cast<char>(bytes[taken]);
    if (auto checked = check(c); !checked) return std::unexpected(checked.error());
    head_.push_back(bytes[taken++]);
    if (c != '\n') continue;
    if (auto finished = finish_line(); !finished) return std::unexpected(finished.error());
  }
  return taken;
}

std::size_t HeadReader::plain_run(ByteView bytes) const {
  if (head_.size() == line_start_ || head_.back() == '\r') return 0;
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), limits_.head_bytes - head_.size())));
  return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_control) - text.begin());
}

Judged<void> HeadReader::check(char c) const {
  const bool after_cr = head_.size() > line_start_ && head_.back() == '\r';
  if (c == '\n') {
    if (!after_cr) return refuse(400, "a line of the head ends without CR");
  } else if (after_cr) {
    return refuse(400, "CR inside the head");
  } else if (is_control(c) && c != '\r') {
    return refuse(400, "control character in the head");
  } else if (kind_ == HeadKind::kRequest && lines_ > 0 && head_.size() == line_start_ && is_blank(c)) {
    // RFC 9112 5.2: refused in requests; the parser joins the lines of an answer.
    return refuse(400, "folded field");
  }
  if (head_.size() >= limits_.head_bytes) {
    if (lines_ == 0) return refuse(414, "the first line is too long");
    return refuse(431, "the head is too long");
  }
  return {};
}

Judged<void> HeadReader::finish_line() {
  const std::string_view line = as_text(head_).substr(line_start_, head_.size() - line_start_ - 2);
  line_start_ = head_.size();
  if (line.empty()) {
    if (lines_ > 0) {
      complete_ = true;
      return {};
    }
    if (skipped_empty_line_ || kind_ == HeadKind::kResponse) return refuse(400, "empty line before the head");
    skipped_empty_line_ = true;
    head_.clear();
    line_start_ = 0;
    return {};
  }
  if (++lines_ == 1) return kind_ == HeadKind::kRequest ? check_request_line(line) : check_status_line(line);
  if (lines_ - 1 > limits_.field_count) return refuse(431, "too many fields");
  return {};
}

}  // namespace railgun::http
