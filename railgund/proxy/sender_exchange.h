// One request at the sender: from its head to the last byte of its answer, over a link or directly. Chooses the way,
// and another one if the first fails before the client has seen anything. A state machine; what it works on is handed
// in with each call.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "railgund/proxy/direct.h"
#include "railgund/proxy/late_answer.h"
#include "railgund/proxy/over_link.h"
#include "railgund/proxy/own_answer.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class SenderExchange {
 public:
  // `client`: the connection that the request came in on, and `stream` there. `number`: see SenderRequest.
  SenderExchange(config::ConfigPtr config, ConnectionId client, http2::StreamId stream, http::Request request,
                 std::uint64_t number, Instant now);

  ConnectionId client() const { return client_; }
  http2::StreamId stream() const { return stream_; }
  std::uint64_t number() const { return request_.number; }

  void begin(const SenderPorts& ports);
  // What the client sends after the head.
  void take(const SenderPorts& ports, http::ServerEvent event);
  void take(const SenderPorts& ports, StreamInput event);
  void take(const SenderPorts& ports, CallInput event);
  // Of the store, or a challenge's file.
  void take(const SenderPorts& ports, std::optional<Bytes> store_item);
  // Links have come or gone: an exchange that awaits one looks again.
  void links_changed(const SenderPorts& ports);
  // The client took output, or has room for more.
  void pump(const SenderPorts& ports);

  bool awaits_link() const { return std::holds_alternative<AwaitingLink>(state_); }
  Instant deadline() const;
  void on_deadline(const SenderPorts& ports);

  // The answer has been handed to the client, or never will be.
  bool is_finished() const { return std::holds_alternative<Finished>(state_); }
  // After every call: what is held now, of which `waiting` bytes are with the client's connection.
  void count_held(Context& context, std::size_t waiting);
  // The client is gone.
  void drop(const SenderPorts& ports);
  // After that: the rest of its answer, if it is worth taking.
  std::optional<LateAnswer> take_late();

 private:
  struct Choosing {};
  struct AwaitingChallenge {
    StoreLookup lookup;  // the shell answers at once
  };
  struct AwaitingBody {
    Instant deadline;
  };
  struct AwaitingStore {
    StoreLookup lookup;
    Instant deadline;
  };
  struct AwaitingLink {
    Instant deadline;
  };
  struct Finished {};

  void begin_page(const SenderPorts& ports);
  void redirect(const SenderPorts& ports);
  void answer_last_hop(const SenderPorts& ports);
  void answer_ourselves(const SenderPorts& ports, unsigned status, const std::string& line, Fields fields);
  void leave(const SenderPorts& ports);
  void look_up_or_choose(const SenderPorts& ports);
  // Those of the page's last version, if the site wants that (site.HOST.early_hints).
  void send_early_hints(const SenderPorts& ports);
  void add_named(page::Candidate one);
  void choose(const SenderPorts& ports);
  // The link for this request: by the site's weights, or by the order of its listeners. Null: none can take it.
  const Link* pick_link(const SenderPorts& ports) const;
  void ask_link(const SenderPorts& ports, const Link& link);
  void fail_loop(const SenderPorts& ports, const std::string& advice);
  void go_direct(const SenderPorts& ports, std::string reason);
  void handle(const SenderPorts& ports, Progress progress);
  void leave_silent_link(const SenderPorts& ports);
  void ask_without(const SenderPorts& ports, const Id128& lost);
  // How often a request is repeated when its link is lost or silent: the links of a listener that is gone, or of a dark line,
  // are found to be so one after the other. For other reasons it is repeated once.
  unsigned most_moves() const { return std::min(request_.config->wan_lanes, kMostMoves); }
  bool may_repeat(unsigned most) const;
  // The request goes another way, unless it was repeated so often already.
  void retry_or_fail(const SenderPorts& ports, bool is_allowed, unsigned most, const std::string& line);
  void finish(const SenderPorts& ports);
  // `extra`: fields of the answer.
  void fail(const SenderPorts& ports, unsigned status, const std::string& line, Fields extra = {});
  HeldBytes held_bytes() const;
  // To be called in the state that the request ends in.
  void log_access(const SenderPorts& ports, bool is_complete) const;
  void log_answer(const SenderPorts& ports, const Passed& passed, const std::string& how) const;

  ConnectionId client_;
  http2::StreamId stream_;
  SenderRequest request_;
  // So that a request that ends every listener it comes to does not end them all.
  static constexpr unsigned kMostMoves = 3;
  unsigned repeats_ = 0;
  std::variant<Choosing, AwaitingChallenge, AwaitingBody, AwaitingStore, AwaitingLink, OverLink, Direct, OwnAnswer,
               Finished>
      state_;
  std::optional<LateAnswer> late_{};
  HeldAccount held_account_;
  page::Cache::UnderWay page_under_way_;
};

}  // namespace railgun::proxy
