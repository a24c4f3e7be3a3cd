// What a connection told and wrote, as one text that tests can compare: bodies joined, so that it does not depend on
// how the input was cut.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "railgund/http/client_connection.h"
#include "railgund/http/server_connection.h"

namespace railgun::http::test {

inline std::string text_of(const BodyLength& body) {
  switch (body.kind) {
    case BodyLength::Kind::kNone:
      return "none";
    case BodyLength::Kind::kKnown:
      return std::to_string(body.bytes);
    case BodyLength::Kind::kChunked:
      return "chunked";
    case BodyLength::Kind::kToClose:
      return "to close";
  }
  return {};
}

inline std::string text_of(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) text += " [" + field.name + "=" + field.value + "]";
  return text;
}

inline std::string text_of(const Request& request) {
  std::string text = request.method + " " + request.target + " host=" + request.host + " body=" + text_of(request.body);
  if (request.minor_version == 0) text += " 1.0";
  if (request.secure) text += " secure";
  if (request.expects_continue) text += " expects";
  if (request.accepts_trailers) text += " trailers";
  if (!request.keep_alive) text += " close";
  if (!request.upgrade.empty()) text += " upgrade=" + request.upgrade;
  return text + text_of(request.fields);
}

inline std::string text_of(const Response& response) {
  std::string text = std::to_string(response.status) + " " + response.reason + " body=" + text_of(response.body);
  if (response.minor_version == 0) text += " 1.0";
  if (!response.keep_alive) text += " close";
  if (!response.upgrade.empty()) text += " upgrade=" + response.upgrade;
  return text + text_of(response.fields);
}

class Transcript {
 public:
  void add(const ServerEvent& event) {
    std::visit(
        [&](const auto& e) {
          using E = std::decay_t<decltype(e)>;
          if constexpr (std::is_same_v<E, RequestReceived>) line("request " + text_of(e.request));
          if constexpr (std::is_same_v<E, RequestBody>) body("body ", e.bytes);
          if constexpr (std::is_same_v<E, RequestEnd>) line("end" + text_of(e.trailers));
          if constexpr (std::is_same_v<E, ClientGone>) line("gone");
          if constexpr (std::is_same_v<E, TunnelBytes>) body("tunnel ", e.bytes);
          if constexpr (std::is_same_v<E, TunnelEnd>) line("tunnel end");
        },
        event);
  }
  void add(const ClientEvent& event) {
    std::visit(
        [&](const auto& e) {
          using E = std::decay_t<decltype(e)>;
          if constexpr (std::is_same_v<E, InterimReceived>) {
            line("interim " + std::to_string(e.status) + text_of(e.fields));
          }
          if constexpr (std::is_same_v<E, ResponseReceived>) line("response " + text_of(e.response));
          if constexpr (std::is_same_v<E, ResponseBody>) body("body ", e.bytes);
          if constexpr (std::is_same_v<E, TunnelEnd>) line("tunnel end");
          if constexpr (std::is_same_v<E, ResponseEnd>) line("end" + text_of(e.trailers));
          if constexpr (std::is_same_v<E, ExchangeFailed>) {
            line(std::string("failed ") + name_of(e.error.code) + (e.answer_begun ? " begun: " : ": ") + e.error.text);
          }
        },
        event);
  }

  const std::string& text() const { return text_; }

 private:
  void line(const std::string& words) {
    text_ += words + "\n";
    in_body_ = false;
  }
  void body(std::string_view word, const Bytes& bytes) {
    if (in_body_) {
      text_.pop_back();
    } else {
      text_ += word;
    }
    text_ += std::string(as_text(bytes)) + "\n";
    in_body_ = true;
  }

  std::string text_;
  bool in_body_ = false;
};

}  // namespace railgun::http::test
