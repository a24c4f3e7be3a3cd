// A sender's request as far as it is the same over a link and directly: what was asked, the body on its way up, the
// answer's head on its way down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/page/cache.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"
#include "railgund/proxy/client_stream.h"
#include "railgund/proxy/compression.h"
#include "railgund/proxy/dictionaries.h"
#include "railgund/proxy/ports.h"
#include "railgund/proxy/shown_address.h"

namespace railgun::proxy {

// What a sender's exchange may do: besides all that, answer its client.
class SenderPorts : public Ports {
 public:
  SenderPorts(Router& router, ExchangeId self, Compression& its_compression, const Dictionaries& its_dictionaries,
              ClientStream its_client, std::string_view address, bool is_secure)
      : Ports(router, self),
        compression(its_compression),
        dictionaries(its_dictionaries),
        client(its_client),
        client_address(address),
        client_is_secure(is_secure) {}
  Compression& compression;
  const Dictionaries& dictionaries;
  ClientStream client;
  std::string_view client_address;
  bool client_is_secure;  // its connection is under TLS
};

// What has become of an answer.
struct UnderWay {};
struct Complete {};  // the client's connection has been given all of it
struct LinkFailed {
  std::string reason;
  bool not_processed;      // the listener has not begun: safe to ask again whatever the method
  bool link_lost = false;  // else the listener gave up the request alone
};
struct BadAnswer {
  Error error;
};
struct OriginFailed {
  Error error;
};
// The listener answers in the origin's place, and the site has an error page for that.
struct ListenerAnswered {
  unsigned status;
  Fields fields;  // Retry-After, if it has one
};
// The answer is against a version that the listener has found by content, and that is not here, or not for this visitor.
struct ReferenceLost {
  Id128 id;
};
using Progress =
    std::variant<UnderWay, Complete, LinkFailed, BadAnswer, OriginFailed, OriginBusy, ListenerAnswered, ReferenceLost>;

struct SenderRequest {
  config::ConfigPtr config;
  const config::Site* site = nullptr;  // in config; null: none, until the request has begun
  http::Request http;
  std::uint64_t number;  // unique in this process; the id in Cf-Railgun is made from it
  Instant started;
  SiteCounters* counts = nullptr;

  bool is_from_trusted_proxy = false;
  bool came_by_https = false;  // to us, or to a trusted proxy in front of us
  page::RequestKeys keys{};
  Bytes body_start{};  // as far as it was known when references were looked up
  std::vector<page::Candidate> named{};
  std::optional<Id128> lost{};  // the answer before was against this version, which is not here

  // The body (or what the client sends through a tunnel). Held bytes are bounded by the client connection's limit on
  // unread bytes.
  ByteQueue upload{};
  bool upload_begun = false;        // bytes have left: the request cannot be repeated
  bool upload_ended = false;        // the client has sent all of it
  Fields upload_trailers{};         // that came behind the body
  std::optional<Share> streamed{};  // it left before enough of it was here, and has not all come yet

  DictionaryUse dictionary{};
  bool tags_restored = false;  // Compression::restore_tags()
  Fields answer_trailers{};    // that came behind the answer's body
  bool head_sent = false;
  unsigned status = 0;
  std::optional<coding::Encoder> encoder{};  // of the answer's body; none: it goes as it is
  Duration encode_time{};                    // spent in it

  // For the access log.
  AccessRecord::Way way = AccessRecord::Way::kOwn;
  std::uint64_t client_bytes = 0;  // of the answer's body, as the client got it
  Duration link_time{}, origin_time{};
  std::string visitor{};  // empty: the client itself

  bool has_body() const { return http.body.kind != http::BodyLength::Kind::kNone || !http.upgrade.empty(); }
  // So much of the body is here that a listener or an origin will not have to wait for it for long: all of it, or as
  // much as request.body_buffer says.
  bool may_leave() const {
    return upload_ended || http.body.kind == http::BodyLength::Kind::kNone || !http.upgrade.empty() || is_grpc(http) ||
           upload.size() >= config->request_body_buffer_bytes;
  }
  // The site has a page for answers of ours with this status.
  bool has_error_page(unsigned of_status) const {
    return of_status >= 500 && of_status <= 599 && site != nullptr && !site->error_page_text.empty();
  }
  std::string id() const;
  // The name in Via of a request that goes direct: of this process.
  std::string direct_name() const;
  // The page's address, for the log.
  std::string address() const { return http.host + shown_address(http.target, config->log_query); }
  // Sets the header (setting header.name; empty: none).
  void set_header(Fields& fields, const std::string& value) const;
  // Adds what every answer gets: Date (RFC 9110 6.6.1) and the setting answer.fields, unless it has them.
  void add_fixed_fields(const SenderPorts& ports, Fields& fields) const;
  // Sends the answer's head to the client, with the header. A 101 makes a tunnel of the connection.
  void send_head(const SenderPorts& ports, http::Response response, const std::string& header);
  // Sends from the front of `held` what the client has room for, compressed if the head said so. Says how much: nothing
  // before the head, and of a compressed body one piece after the other, as the client takes them.
  std::size_t send_body(const SenderPorts& ports, ByteView held);
  void send_end(const SenderPorts& ports);
  // Bytes of the body, before they are coded, are on their way.
  void take(const SenderPorts& ports, ByteView piece);
  void count_client_bytes(const SenderPorts& ports, std::size_t bytes);
  // Bytes at the front of `upload` have gone on their way.
  void upload_taken(const SenderPorts& ports, std::size_t bytes);
};

}  // namespace railgun::proxy
