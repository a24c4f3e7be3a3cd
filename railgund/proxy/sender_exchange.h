// One request at the sender: from its head to the last byte of its answer, over a link or directly. A state machine;
// what it works on is handed in with each call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/http/server_connection.h"
#include "railgund/page/page_key.h"
#include "railgund/proxy/answer_reader.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/origins.h"
#include "railgund/proxy/peers.h"

namespace railgun::proxy {

struct StreamKey {
  ConnectionId link;
  link::StreamId stream;
  auto operator<=>(const StreamKey&) const = default;
};

// Who waits for what, by the client's connection.
struct SenderRoutes {
  std::map<StreamKey, ConnectionId> streams;
  std::unordered_map<CallId, ConnectionId> calls;
  std::unordered_map<TicketId, ConnectionId> tickets;
};

class SenderExchange {
 public:
  struct Ends {
    Context& context;
    Peers& peers;
    Origins& origins;
    SenderRoutes& routes;
    http::ServerConnection& client;
    ConnectionId client_id;
    const std::string& client_address;
  };

  // `number`: unique in this process; the id in Cf-Railgun is made from it.
  SenderExchange(config::ConfigPtr config, http::Request request, std::uint64_t number, Instant now);

  std::uint64_t number() const { return number_; }
  void begin(Ends& ends, Instant now);
  // What the client sends after the head.
  void client_event(Ends& ends, http::ServerEvent event, Instant now);
  void store_answer(Ends& ends, const std::optional<Bytes>& item, Instant now);
  void link_event(Ends& ends, link::Event event, Instant now);
  void link_lost(Ends& ends, const std::string& reason, Instant now);
  void call_event(Ends& ends, http::ClientEvent event, Instant now);  // of a request that went direct
  // Moves what can be moved, both ways. To be called after any of the above and when the client took output.
  void pump(Ends& ends, Instant now);
  // A link has become ready: an exchange that waits for one may go on.
  void link_ready(Ends& ends, Instant now);

  Instant deadline() const { return deadline_; }
  void on_deadline(Ends& ends, Instant now);

  // The answer has been handed to the client (or never will be): nothing more is to come.
  bool is_finished() const { return way_ == Way::kFinished; }
  // Lets go of the stream, the call, the ticket.
  void drop(Ends& ends, Instant now);

 private:
  enum class Way : std::uint8_t { kStart, kStore, kWaiting, kLink, kDirect, kFinished };

  void choose_way(Ends& ends, Instant now);
  void ask_link(Ends& ends, Link& link, Instant now);
  void ask_origin(Ends& ends, std::string reason, Instant now);
  void leave_link(Ends& ends, std::optional<link::ResetCode> reset, Instant now);
  void link_failed(Ends& ends, const std::string& reason, bool not_processed, Instant now);
  void bad_answer(Ends& ends, const Error& error, Instant now);
  void send_head_from_link(Ends& ends, Instant now);
  void answer_error(Ends& ends, unsigned status, const std::string& line, Instant now);
  void finish(Ends& ends, Instant now);
  void measure(Ends& ends, Instant now);
  void count_failure(Ends& ends);
  void pump_request(Ends& ends, Instant now);
  void pump_answer(Ends& ends, Instant now);
  bool may_ask_again() const;
  std::string header_for_link() const;
  std::string id() const;
  void add_header(Fields& fields, const std::string& value) const;

  config::ConfigPtr config_;
  const config::Site* site_ = nullptr;  // in config_
  http::Request request_;
  std::uint64_t number_;  // noted as Counters::current_request
  Instant started_;
  Way way_ = Way::kStart;
  Instant deadline_ = kNever;

  page::PageKeys keys_{};
  std::vector<page::VersionPtr> named_;
  bool asked_again_ = false;

  // For the statistics.
  SiteCounters* counts_ = nullptr;  // of the host, from begin() on
  Instant asked_{};                 // the link, or the origin
  Duration decode_time_{};

  // The request's body on its way up.
  ByteQueue upload_;
  bool upload_begun_ = false;  // bytes have left: the request cannot be repeated
  bool upload_ended_ = false;
  bool upload_closed_ = false;  // its end was passed on

  // Over a link.
  ConnectionId link_{};
  link::StreamId stream_{};
  std::optional<AnswerReader> reader_;
  std::string build_;
  TicketId ticket_{};

  // Directly.
  CallId call_{};
  std::string direct_reason_;
  ByteQueue direct_body_;
  bool direct_ended_ = false;
  std::uint64_t direct_bytes_ = 0;

  bool head_sent_ = false;
  unsigned status_ = 0;
};

}  // namespace railgun::proxy
