#include "railgund/http/writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "railgund/base/text.h"
#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"
#include "railgund/http/trailers.h"

namespace railgun::http {
namespace {

void write(Bytes& to, std::string_view text) { append(to, as_bytes(text)); }

void write_number(Bytes& to, std::uint64_t number, int base) {
  std::array<char, 20> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  write(to, std::string_view(digits.data(), end));
}

// Words of field names that are not written with one capital letter.
constexpr std::string_view kWords[] = {
    "CDN", "CH",  "CSRF", "CSP", "DAV", "DNS", "DNT", "DPR", "ECT", "ETag", "GPC",        "ID",        "IM",
    "IP",  "MD5", "MIME", "NEL", "P3P", "RTT", "TE",  "UA",  "WWW", "XSS",  "SOAPAction", "SourceMap", "WebSocket"};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

void write_word(Bytes& to, std::string_view word) {
  for (const std::string_view known : kWords) {
    if (known.size() == word.size() && same_name(known, word)) return write(to, known);
  }
  if (word.empty()) return;
  const char first = is_lower(word[0]) ? static_cast<char>(word[0] - 'a' + 'A') : word[0];
  write(to, {&first, 1});
  write(to, word.substr(1));
}

void write_name(Bytes& to, std::string_view name) {
  if (std::any_of(name.begin(), name.end(), is_upper)) return write(to, name);
  for (;;) {
    const std::size_t hyphen = std::min(name.find('-'), name.size());
    write_word(to, name.substr(0, hyphen));
    if (hyphen == name.size()) return;
    write(to, "-");
    name.remove_prefix(hyphen + 1);
  }
}

void write_field(Bytes& to, std::string_view name, std::string_view value) {
  write_name(to, name);
  write(to, ": ");
  write(to, value);
  write(to, "\r\n");
}

bool may_be_written(const Field& field) {
  return is_token(field.name) && is_field_value(field.value) && !is_hop_by_hop(field.name);
}

void write_framing(Bytes& to, const Framing& framing) {
  if (framing.body.kind == BodyLength::Kind::kKnown) {
    write(to, "Content-Length: ");
    write_number(to, framing.body.bytes, 10);
    write(to, "\r\n");
  } else if (framing.body.kind == BodyLength::Kind::kChunked) {
    write(to, "Transfer-Encoding: chunked\r\n");
  }
  std::string_view option;
  switch (framing.connection) {
    case Framing::Connection::kUnsaid:
      break;
    case Framing::Connection::kClose:
      option = "close";
      break;
    case Framing::Connection::kKeepAlive:
      option = "keep-alive";
      break;
    case Framing::Connection::kUpgrade:
      option = "upgrade";
      break;
  }
  // RFC 9110 10.1.4: TE is of this hop, and Connection has to say so.
  const bool names_te = framing.accepts_trailers;
  if (names_te) write(to, "TE: trailers\r\n");
  if (names_te || !option.empty()) {
    write(to, "Connection: ");
    write(to, option);
    if (names_te) write(to, option.empty() ? "TE" : ", TE");
    write(to, "\r\n");
  }
  if (framing.connection == Framing::Connection::kUpgrade && is_field_value(framing.upgrade))
    write_field(to, "Upgrade", framing.upgrade);
}

// What a head takes about, so that it is written without growing.
std::size_t room_for(const Fields& fields) { return 256 + fields_bytes(fields) + 4 * fields.size(); }

}  // namespace

Result<void> write_request_head(Bytes& to, const Request& request, const Framing& framing) {
  if (!is_token(request.method)) return fail(Errc::kInvalid, "the method is no token");
  if (!is_target(request.target)) return fail(Errc::kInvalid, "the target cannot be written");
  if (!is_field_value(request.host)) return fail(Errc::kInvalid, "the host cannot be written");
  to.reserve(to.size() + room_for(request.fields) + request.target.size() + request.host.size());
  write(to, request.method);
  write(to, " ");
  write(to, request.target);
  write(to, " HTTP/1.1\r\n");
  write_field(to, "Host", request.host);
  for (const Field& field : request.fields) {
    const bool is_told_by_members = same_name(field.name, "Host") || same_name(field.name, "Expect");
    if (!is_told_by_members && may_be_written(field)) write_field(to, field.name, field.value);
  }
  if (request.expects_continue) write_field(to, "Expect", "100-continue");
  write_framing(to, framing);
  write(to, "\r\n");
  return {};
}

Result<void> write_response_head(Bytes& to, unsigned status, std::string_view reason, const Fields& fields,
                                 const Framing& framing) {
  if (status < 100 || status > 999) return fail(Errc::kInvalid, "the status is not 100 to 999");
  to.reserve(to.size() + room_for(fields));
  write(to, "HTTP/1.1 ");
  write_number(to, status, 10);
  write(to, " ");
  write(to, reason.empty() || !is_field_value(reason) ? reason_phrase(status) : reason);
  write(to, "\r\n");
  for (const Field& field : fields) {
    if (may_be_written(field)) write_field(to, field.name, field.value);
  }
  write_framing(to, framing);
  write(to, "\r\n");
  return {};
}

void write_chunk_size(Bytes& to, std::size_t bytes) {
  write_number(to, bytes, 16);
  write(to, "\r\n");
}

void write_last_chunk(Bytes& to, const Fields& trailers) {
  write(to, "0\r\n");
  for (const Field& field : trailers) {
    if (may_be_written(field) && may_be_trailer(field.name)) write_field(to, field.name, field.value);
  }
  write(to, "\r\n");
}

}  // namespace railgun::http
