// The listener's half of an answer: turns what the origin says into what goes on the stream. A core of its own, that
// knows neither streams nor origins.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/base/hash.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/delta/encoder.h"
#include "railgund/http/content_coding.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/tunnel/coder.h"

namespace railgun::proxy {

// A reference that both ends hold: its place in the request's list, and the version.
struct HeldReference {
  std::uint8_t index;
  page::VersionPtr version;
};

// Where to look for a reference that was not named, by the content of the page: what a sender process holds for these
// keys, which are those of the request.
struct ContentSearch {
  page::Cache* cache;
  std::uint64_t process;
  page::RequestKeys keys;
};

class AnswerWriter {
 public:
  // What is known of the link.
  struct To {
    std::uint64_t bytes_per_second = 0;  // 0: not known
    bool has_starting_text = false;      // the sender takes deltas against it
    bool has_coded_much = false;         // assets get no more CPU time than other pages for now
    bool codes_tunnel = false;           // the sender takes the data of a 101 coded
  };
  // `hash`: of this listener's reference ids; it outlives the writer.
  AnswerWriter(const config::Config& config, const KeyedHash& hash, const To& to);

  // The answer's head has come. `references`: what both ends hold, best first. `may_keep`: both ends may keep it.
  // `search`: where to look if these are not much like the page; nothing: nowhere.
  void begin(const http::Request& request, http::Response response, std::vector<HeldReference> references,
             bool may_keep = true, std::optional<ContentSearch> search = std::nullopt);
  // The head to send, once: at once, or when enough of the body was written to choose a reference by it.
  std::optional<Answer> take_head();
  bool has_begun() const { return head_taken_; }
  // Decides by what has come of the body, so that the head can be sent.
  void begin_without_body();

  // A tunnel that has no context may begin one with the next write().
  void allow_context(bool may_begin) { may_begin_context_ = may_begin; }
  bool has_context() const { return tunnel_ && tunnel_->has_context(); }
  bool codes_tunnel() const { return tunnel_.has_value(); }

  // Bytes of the origin's body. Errors: kMalformed, kTooLarge from undoing the origin's gzip: the answer is to be cut.
  Result<void> write(ByteView body, Instant now);
  // The body is complete. Errors: kMalformed if the origin's gzip is not; but one that lacks only its check is passed
  // on, and not kept.
  Result<void> finish();
  bool lacked_its_check() const { return lacked_its_check_; }

  // Coded bytes ready to be sent; the caller takes them off.
  ByteQueue& coded() { return coded_; }
  const ByteQueue& coded() const { return coded_; }
  // Bytes of the page that are not coded yet, and those that may become a version.
  std::size_t held_bytes() const { return first_.size() + (encoder_ == nullptr ? 0 : encoder_->held_bytes()); }
  std::size_t kept_bytes() const { return page_.size() + (is_new_version() ? version_->reference.size() : 0); }
  bool is_finished() const { return finished_; }
  // The page does not become a version. After finish(), the sender may keep it all the same.
  void keep_nothing();

  // Codes what is held, if that is so many bytes.
  void flush_if_over(std::size_t bytes);
  // A slow origin: when what is held must go out, so that the client sees it.
  Instant deadline() const { return tunnel_ ? tunnel_->deadline() : flush_at_; }
  void on_deadline(Instant now);

  // After finish().
  const Bytes& trailer() const { return trailer_; }
  // To be kept as the latest of its page, or null: the page, or the reference, if the next answer is as well compared
  // with that.
  const page::VersionPtr& version() const { return version_; }
  bool keeps_reference() const { return version_ != nullptr && version_ == reference_; }
  // The page is coded, not passed as it is; against a reference.
  bool codes() const { return answer_.coding == Coding::kDelta; }
  bool has_reference() const { return reference_ != nullptr; }
  const page::VersionPtr& reference() const { return reference_; }
  // The page took the CPU time that an asset may take.
  bool took_much() const { return answer_.is_first_visit && is_asset_; }
  bool was_gunzipped() const { return gunzip_ != nullptr; }
  // The next answer of the page may be coded in the strong tier.
  bool may_use_strong() const;
  std::uint64_t page_bytes() const { return page_bytes_; }
  std::uint64_t coded_bytes() const { return coded_bytes_; }

 private:
  bool is_new_version() const { return version_ != nullptr && version_ != reference_; }
  // The body's bytes are passed as they are, but for those that a version has, too: they wait until they differ.
  void write_unchanged(ByteView body, Instant now);
  void pass(ByteView body);
  void write_tunnel(ByteView bytes, Instant now);
  void add_coded(Bytes made);
  void stop_comparing();
  bool is_equal_so_far(ByteView body) const;
  AnswerTrailer finish_unchanged();
  void write_page(ByteView bytes);
  bool is_plainly_nearest(ByteView text) const;
  void choose_reference();
  // `best`: of choices_, if there are any.
  void take_choice(std::size_t best);
  void search_content(const page::Sketch& sketch, unsigned likeness);
  void start_coding(ByteView text);
  std::unique_ptr<delta::Encoder> make_encoder();
  void set_flush(Instant now, Duration after, Duration at_latest);
  void take_coded();
  bool reference_serves_as_well() const;
  AnswerTrailer keep_version();

  delta::EncoderOptions encoder_options_;
  bool has_starting_text_;
  bool has_coded_much_;
  bool takes_coded_tunnel_;
  bool is_asset_ = false;  // and may take more CPU time
  const KeyedHash& hash_;
  std::size_t page_limit_bytes_;
  config::NoStore no_store_;
  std::size_t padding_bytes_;

  Answer answer_;
  bool head_ready_ = false;
  bool head_taken_ = false;

  // Which of these is the reference is decided by the page's first bytes.
  std::vector<HeldReference> choices_;
  std::optional<ContentSearch> search_;
  Bytes first_;  // at most kFirstBytes and one piece of the body
  // A version that may be the same as a body that is no text, and how much of it is.
  std::optional<HeldReference> compared_;
  std::size_t equal_bytes_ = 0;

  std::unique_ptr<delta::Encoder> encoder_;    // null: raw, or not chosen yet
  std::unique_ptr<http::GzipDecoder> gunzip_;  // null: the origin's bytes are the page
  std::optional<tunnel::Encoder> tunnel_;      // of a tunnel whose data is coded
  bool may_begin_context_ = false;
  page::VersionPtr reference_;
  std::optional<page::Keep> keep_;
  Bytes page_;  // the whole page, as long as it may be kept
  ByteQueue coded_;
  Instant flush_at_ = kNever;
  Instant held_since_{};  // of what is held, the first byte
  bool finished_ = false;
  bool lacked_its_check_ = false;
  Bytes trailer_;
  page::VersionPtr version_;
  std::uint64_t page_bytes_ = 0;
  std::uint64_t coded_bytes_ = 0;
};

}  // namespace railgun::proxy
