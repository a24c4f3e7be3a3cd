// One request at the listener: asks the origin and looks up the references side by side, sends the answer as a
// difference. A state machine; what it works on is handed in with each call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgund/page/page_key.h"
#include "railgund/proxy/answer_writer.h"
#include "railgund/proxy/exchange_outcome.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/held_bytes.h"
#include "railgund/proxy/link_stream.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/proxy/ports.h"
#include "railgund/proxy/shown_address.h"
#include "railgund/tunnel/coder.h"

namespace railgun::proxy {

class ListenerExchange {
 public:
  // `hash`: of this listener's reference ids; it outlives the exchange.
  ListenerExchange(config::ConfigPtr config, LinkStream stream, Ask ask, const KeyedHash& hash, Instant now);

  // For crash reports: the link in the upper half, the stream in the lower.
  std::uint64_t number() const;

  void begin(const Ports& ports);
  void take(const Ports& ports, StreamInput event);
  void take(const Ports& ports, CallInput event);
  void take(const Ports& ports, TicketId ticket, const std::optional<Bytes>& store_item);

  Instant deadline() const;
  void on_deadline(const Ports& ports);

  bool is_finished() const { return finished_; }
  // After every call: what is held now.
  void count_held(Context& context);

 private:
  // A reference that was named, on its way from the store.
  struct NearerReference {
    StoreLookup lookup;
    std::uint8_t index;
  };

  Result<void> judge(const Ports& ports, const config::MappedOrigin& origin) const;
  void look_up_references(const Ports& ports);
  // Where to look for a reference by content; nothing: this request is not to be answered by one.
  std::optional<ContentSearch> content_search(const Ports& ports) const;
  // The sender keeps the version from now on: later pages may be like it.
  void note_held(const Ports& ports) const;
  // Moves what can be moved, both ways; after any event.
  void pump(const Ports& ports);
  void take_body_start(ByteView bytes);
  void pump_request(const Ports& ports);
  // Decodes what the client sends through a tunnel, as the origin takes it. False: the request has failed.
  bool decode_upload(const Ports& ports);
  void pass_interim(const http::InterimReceived& interim);
  void begin_answer(const Ports& ports);
  // Sends the answer's head, once its body has begun or is held back for too long.
  void send_head_if_due(const Ports& ports);
  void pump_answer(const Ports& ports);
  // Gives the writer some of what the origin has sent. False: there is nothing to be done now.
  bool write_some(const Ports& ports);
  void finish(const Ports& ports);
  void answer_error(const Ports& ports, const Error& error);
  void answer_ourselves(const Ports& ports, const ErrorAnswer& made, const Fields& extra);
  // Ends the request without a whole answer; `code` tells the sender why.
  void fail(const Ports& ports, link::ResetCode code, const std::string& reason);
  // The sender wants no answer any more, or cannot get one. `client_left`: because its client did.
  void drop(const Ports& ports, bool client_left);
  void end();
  bool has_body() const;
  HeldBytes held_bytes() const;
  // For the log.
  std::string address() const { return ask_.request.host + shown_address(ask_.request.target, config_->log_query); }

  config::ConfigPtr config_;
  LinkStream stream_;
  Ask ask_;
  const KeyedHash& hash_;
  Instant started_;
  // Nothing: there are no references for the answer, and it becomes none.
  std::optional<page::RequestKeys> keys_{};
  bool finished_ = false;

  // For the statistics.
  SiteCounters* counts_ = nullptr;  // of the host, from begin() on
  Duration encode_time_{};
  unsigned status_ = 0;

  std::vector<HeldReference> held_;  // best first
  std::vector<NearerReference> look_ups_;
  Instant look_ups_end_ = kNever;

  std::optional<OriginCall> call_;  // from begin() to the end
  // The request's body. Bounded by the stream's window.
  ByteQueue upload_;
  std::optional<tunnel::Decoder> upload_decoder_{};  // of a tunnel whose data is coded
  ByteQueue coded_upload_{};                         // before that. Bounded likewise
  Bytes body_start_{};                               // for the keys: at most page::Action::kMostBody bytes
  Fields upload_trailers_;
  bool upload_ended_ = false;
  bool upload_closed_ = false;  // its end was passed on

  std::optional<http::Response> response_;  // waiting for the look-ups
  Duration origin_time_{};
  std::uint16_t origin_flags_ = 0;
  std::optional<AnswerWriter> writer_;  // once the answer has begun
  std::optional<Share> context_{};      // in which it codes a tunnel
  bool has_body_begun_ = false;         // of the origin's answer, before its head was sent
  Instant head_at_latest_ = kNever;
  // The origin's body, before the writer. Bounded by the origin connection's limit on unread bytes.
  ByteQueue inbox_;
  Fields trailers_;            // of the origin's answer
  bool origin_ended_ = false;  // of a tunnel: its direction
  bool call_over_ = false;     // of a tunnel: both directions
  bool answer_sent_ = false;   // of a tunnel: what the client sends still goes to the origin
  HeldAccount held_account_;
  page::Cache::UnderWay page_under_way_;
};

}  // namespace railgun::proxy
