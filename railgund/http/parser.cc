#include "railgund/http/parser.h"

// Input from outside must not reach an assertion of Beast's: what it checks is checked here, in every kind of build.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/http/basic_parser.hpp>

namespace railgun::http {
namespace {

namespace beast = boost::beast;

std::string to_string(beast::string_view view) { return {view.data(), view.size()}; }

// Fills a RawHead and stops there: bodies are not Beast's.
template <bool is_request>
class HeadParser : public beast::http::basic_parser<is_request> {
 public:
  explicit HeadParser(std::size_t head_bytes) {
    this->header_limit(static_cast<std::uint32_t>(head_bytes + 1));
    this->body_limit(boost::none);
    if constexpr (!is_request) this->skip(true);
  }

  RawHead head;

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    head.method = to_string(method);
    head.target = to_string(target);
    head.minor_version = version % 10;
  }
  void on_response_impl(int status, beast::string_view reason, int version, beast::error_code&) override {
    head.status = static_cast<unsigned>(status);
    head.reason = to_string(reason);
    head.minor_version = version % 10;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    head.fields.push_back({to_string(name), to_string(value)});
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}
};

// Why Beast refuses the field after `before`: its own words are the same for several faults of the framing fields.
std::string fault_text(const beast::error_code& error, const Fields& before) {
  const bool is_coding = error == beast::http::error::bad_transfer_encoding;
  const bool is_length =
      error == beast::http::error::bad_content_length || error == beast::http::error::multiple_content_length;
  const bool has_coding = count_fields(before, "Transfer-Encoding") > 0;
  const bool has_length = count_fields(before, "Content-Length") > 0;
  if ((is_coding && has_length) || (is_length && has_coding)) return "both Content-Length and Transfer-Encoding";
  if (is_coding) return has_coding ? "Transfer-Encoding came twice" : "malformed Transfer-Encoding";
  if (is_length) return has_length ? "Content-Length came twice" : "malformed Content-Length";
  return "malformed head: " + error.message();
}

// Gives Beast `bytes`; it must take them all.
template <bool is_request>
Judged<void> put(HeadParser<is_request>& parser, std::string_view bytes) {
  beast::error_code error;
  const std::size_t taken = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == beast::http::error::need_more) error = {};
  if (error) return refuse(400, fault_text(error, parser.head.fields));
  if (taken != bytes.size()) return refuse(400, "malformed head");
  return {};
}

}  // namespace

Judged<RawHead> parse_request_head(ByteView head) {
  HeadParser<true> parser(head.size());
  if (auto parsed = put(parser, as_text(head)); !parsed) return std::unexpected(parsed.error());
  if (!parser.is_header_done()) return refuse(400, "malformed head");
  return std::move(parser.head);
}

Judged<RawHead> parse_response_head(ByteView head) {
  const std::string_view text = as_text(head);
  const std::size_t line_end = text.find("\r\n");
  if (line_end == std::string_view::npos) return refuse(400, "malformed head");
  std::string status_line(text.substr(0, line_end));
  constexpr std::size_t kWithoutReason = std::string_view("HTTP/1.1 200").size();
  if (status_line.size() == kWithoutReason) status_line += ' ';
  status_line += "\r\n";

  HeadParser<false> parser(head.size() + 1);
  if (auto parsed = put(parser, status_line); !parsed) return std::unexpected(parsed.error());
  if (auto parsed = put(parser, text.substr(line_end + 2)); !parsed) return std::unexpected(parsed.error());
  if (!parser.is_header_done()) return refuse(400, "malformed head");
  return std::move(parser.head);
}

}  // namespace railgun::http
