// A sender's request on its way over a link: sends it on a stream, rebuilds the answer for the client.
#pragma once

#include <optional>
#include <string>

#include "railgund/proxy/answer_reader.h"
#include "railgund/proxy/exchange_outcome.h"
#include "railgund/proxy/held_bytes.h"
#include "railgund/proxy/link_stream.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class OverLink {
 public:
  // Opens a stream and sends the request's head.
  // Errors: kTooLarge (the head does not fit a link), kUnavailable (the link takes no streams now).
  static Result<OverLink> ask(SenderRequest& request, const SenderPorts& ports, const Link& link);

  // An event of the stream.
  Progress take(SenderRequest& request, const SenderPorts& ports, StreamInput event);
  // Moves what can be moved, both ways.
  Progress pump(SenderRequest& request, const SenderPorts& ports);

  // When a context that is hardly used is to end.
  Instant deadline() const { return upload_coder_ && !upload_closed_ ? upload_coder_->deadline() : kNever; }
  Progress on_deadline(SenderRequest& request, const SenderPorts& ports);

  // The page is too much to be held until it is complete: it is not kept.
  void keep_nothing() { reader_.keep_nothing(); }
  // The client has left. Whether the answer has begun and may be kept once it is complete.
  bool may_be_kept() const { return upload_closed_ && reader_.may_be_kept(); }
  // For nobody: take() and pump() without a client, and finish() without its counts.
  Progress take_late(const SenderRequest& request, const Ports& ports, StreamInput event);
  Progress pump_late();
  void keep_late(const SenderRequest& request, const Ports& ports);

  HeldBytes held_bytes() const {
    return {.decoded = reader_.body().size(),
            .coded = reader_.coded_held_bytes() + coded_upload_.size(),
            .page = reader_.kept_bytes()};
  }

  // After a BadAnswer: tells the listener.
  void reject() { stream_.reset(link::ResetCode::kBadMessage); }

  // The answer was complete. Counts it, keeps the page's version, lets go of the stream.
  Passed finish(SenderRequest& request, const SenderPorts& ports);
  // The client has left, and nothing of the answer is kept.
  void count_left(const SenderRequest& request, Counters& counters) const;
  // What has come so far.
  Passed passed() const { return {.page_bytes = reader_.page_bytes(), .coded_bytes = reader_.coded_bytes()}; }
  // The Cf-Railgun header of the answer as far as it has come. `is_exact`: with the ratio as it is.
  std::string header(const SenderRequest& request, bool is_exact) const;

 private:
  OverLink(LinkStream stream, AnswerReader reader, const Link& link, Instant asked)
      : stream_(std::move(stream)),
        reader_(std::move(reader)),
        build_(link.greeting->build),
        takes_trailers_(link.takes_trailers),
        asked_(asked) {}

  Progress take_interim(const SenderPorts& ports, link::HeadReceived head);
  void pump_request(SenderRequest& request, const SenderPorts& ports);
  // Of the upload, as much as the link takes. Says how much went.
  std::size_t send_upload(ByteView upload);
  std::size_t send_coded(ByteView upload, const Ports& ports);
  void keep_page(const SenderRequest& request, const Ports& ports);
  // Of an answer that is complete: how its reference was found, or why it had none.
  void count_way(const SenderRequest& request, const Ports& ports) const;
  // Hands an event to the reader. What has become of the answer if that is the end of it.
  Progress read(const SenderRequest& request, const Ports& ports, StreamInput event);
  Progress pump_answer(SenderRequest& request, const SenderPorts& ports);

  LinkStream stream_;
  AnswerReader reader_;
  std::string build_;
  bool takes_trailers_;  // the listener
  Instant asked_;
  Duration decode_time_{};
  bool upload_closed_ = false;  // the request's end was sent, or nobody wants it any more
  // Of a tunnel whose data is coded, what the client sends.
  std::optional<tunnel::Encoder> upload_coder_{};
  std::optional<Share> context_{};  // of upload_coder_
  ByteQueue coded_upload_{};        // waits for the link: at most one chunk and the end of a context
};

}  // namespace railgun::proxy
