// One request at the listener: asks the origin and looks up the references side by side, sends the answer as a
// difference. A state machine; what it works on is handed in with each call.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "railgund/page/page_key.h"
#include "railgund/proxy/answer_writer.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/proxy/origins.h"
#include "railgund/proxy/peers.h"

namespace railgun::proxy {

struct ExchangeKey {
  ConnectionId link;
  link::StreamId stream;
  auto operator<=>(const ExchangeKey&) const = default;
};

// Who waits for what.
struct ListenerRoutes {
  std::unordered_map<CallId, ExchangeKey> calls;
  std::unordered_map<TicketId, ExchangeKey> tickets;
};

class ListenerExchange {
 public:
  struct Ends {
    Context& context;
    Peers& peers;
    Origins& origins;
    ListenerRoutes& routes;
    const KeyedHash& hash;  // of our reference ids
  };

  ListenerExchange(config::ConfigPtr config, ExchangeKey key, Ask ask, Instant now);

  void begin(Ends& ends, Instant now);
  void stream_event(Ends& ends, link::Event event, Instant now);
  void call_event(Ends& ends, http::ClientEvent event, Instant now);
  void store_answer(Ends& ends, TicketId ticket, const std::optional<Bytes>& item, Instant now);
  // Moves what can be moved, both ways; after any of the above.
  void pump(Ends& ends, Instant now);

  Instant deadline() const;
  void on_deadline(Ends& ends, Instant now);

  bool is_finished() const { return finished_; }
  // Lets go of the call and the tickets. The stream is the caller's business.
  void drop(Ends& ends, Instant now);

 private:
  // A reference that was named, on its way from the store.
  struct LookUp {
    TicketId ticket;
    std::uint8_t index;
  };

  void look_up_references(Ends& ends, Instant now);
  void begin_answer(Ends& ends, Instant now);
  void answer_error(Ends& ends, const Error& error, Instant now);
  void fail(Ends& ends, link::ResetCode code, Instant now);
  void pump_request(Ends& ends, Link& link, Instant now);
  void pump_answer(Ends& ends, Link& link, Instant now);
  void finish(Ends& ends, Link& link, Instant now);
  void measure(Ends& ends, Instant now);
  void count_failure(Ends& ends);

  config::ConfigPtr config_;
  ExchangeKey key_;
  Ask ask_;
  Instant started_;
  page::PageKeys keys_{};
  bool has_keys_ = false;
  bool finished_ = false;

  // For the statistics.
  SiteCounters* counts_ = nullptr;  // of the host, from begin() on
  Duration encode_time_{};
  unsigned status_ = 0;

  std::optional<HeldReference> held_;
  std::vector<LookUp> look_ups_;
  Instant look_ups_end_ = kNever;

  CallId call_{};
  ByteQueue upload_;
  bool upload_ended_ = false;
  bool upload_closed_ = false;

  std::optional<http::Response> response_;  // waiting for the look-ups
  Duration origin_time_{};
  std::uint16_t origin_flags_ = 0;
  std::optional<AnswerWriter> writer_;  // once the answer's head was sent
  ByteQueue inbox_;                     // the origin's body, before the writer
  bool origin_ended_ = false;
};

}  // namespace railgun::proxy
