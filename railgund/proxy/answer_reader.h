// The sender's half of an answer: rebuilds the page from what comes on the stream, checked window by window, and the
// whole of it at the end. A core of its own, that knows neither streams nor clients.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/base/hash.h"
#include "railgund/base/result.h"
#include "railgund/delta/decoder.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/tunnel/coder.h"

namespace railgun::proxy {

class AnswerReader {
 public:
  // `named`: the versions named in the request, pinned here. `hash`: of the listener's reference ids.
  // `page_limit_bytes`: the largest page kept.
  AnswerReader(std::vector<page::VersionPtr> named, std::shared_ptr<const KeyedHash> hash, std::size_t page_limit_bytes,
               bool answers_head_request);

  // Each error is final: the answer is not to be trusted any further. If the answer is against a version that was not
  // named (Answer::found), it is to be given next, and nothing is rebuilt before.
  Result<void> head(ByteView prelude, Fields fields);
  void give(page::VersionPtr found);
  void data(ByteView coded_bytes);
  Result<void> end(ByteView trailer);

  // Rebuilds until body() has `room` bytes or nothing is left to do. Says how many coded bytes it used.
  // Errors: kMalformed, kDenied (a check failed), kTooLarge, kUnsupported.
  Result<std::size_t> rebuild(std::size_t room);

  const std::shared_ptr<const KeyedHash>& hash() const { return hash_; }
  bool has_head() const { return answer_.has_value(); }
  // A tunnel is decoded in a context.
  bool has_context() const { return tunnel_ && tunnel_->has_context(); }
  // All that the link has to give is here.
  bool has_end() const { return trailer_.has_value(); }
  const Answer& answer() const { return *answer_; }
  // Checked bytes that the client has not taken; valid until the next call that is not const.
  ByteView body() const;
  void body_taken(std::size_t count);
  // Bytes from the link that are not rebuilt yet, and those of the page that the client has taken but that may become a
  // version.
  std::size_t coded_held_bytes() const { return coded_.size() + (tunnel_ ? tunnel_->held_bytes() : 0); }
  std::size_t kept_bytes() const { return page_fits_ ? taken_ : 0; }
  // The page does not become a version.
  void keep_nothing();
  // The answer has begun, and what it is may be kept.
  bool may_be_kept() const { return answer_ && page_fits_ && !answer_->from_listener; }
  // Everything has come, was rebuilt and checked.
  bool is_complete() const { return complete_; }
  // What both ends are to keep as the latest of the page: it, or the version it was rebuilt from, or null; after
  // is_complete().
  const page::VersionPtr& version() const { return version_; }
  bool keeps_reference() const { return trailer_ && trailer_->kept == AnswerTrailer::Kept::kReference; }

  // That the answer was made against; null: none.
  page::VersionPtr reference() const { return answer_ && answer_->reference ? named_[*answer_->reference] : found_; }
  bool strong_may_follow() const { return trailer_ && trailer_->strong_may_follow; }
  std::uint64_t coded_bytes() const { return coded_bytes_; }
  std::uint64_t page_bytes() const { return page_bytes_; }

 private:
  bool is_new_version() const { return version_ != nullptr && !keeps_reference(); }
  Result<void> complete();
  void take_page(Bytes bytes);
  bool waits_for_reference() const { return answer_->found && !found_; }
  // Whether an answer of this head may be kept: a delta, or a body that is small and passes as it is.
  bool is_of_a_kept_kind() const;

  std::vector<page::VersionPtr> named_;
  page::VersionPtr found_;  // null: none was given
  std::shared_ptr<const KeyedHash> hash_;
  std::size_t page_limit_bytes_;
  bool answers_head_request_;

  std::optional<Answer> answer_;
  std::optional<delta::Decoder> decoder_;  // of a delta
  std::optional<tunnel::Decoder> tunnel_;  // of a tunnel that is coded; neither: raw
  std::optional<AnswerTrailer> trailer_;   // once the end has come
  ByteQueue coded_;
  // The page so far, as long as it may be kept, and how much of it the client has taken; of a body that is not kept,
  // only what he has yet to take.
  Bytes page_;
  std::size_t taken_ = 0;
  bool page_fits_ = false;
  ByteQueue body_;
  bool complete_ = false;
  page::VersionPtr version_;
  std::uint64_t coded_bytes_ = 0;
  std::uint64_t page_bytes_ = 0;
};

}  // namespace railgun::proxy
