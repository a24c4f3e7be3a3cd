#include "railgund/proxy/answer_writer.h"

#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// How long bytes of a page wait for more of it: long enough that a page written in one go is one window, short enough
// that nobody sees a slow page stand still.
constexpr Duration kFlushAfter = std::chrono::milliseconds(10);
// Nor do they wait longer than this where more comes all the time, but slowly.
constexpr Duration kFlushAtLatest = std::chrono::milliseconds(50);
// A trailer's own bytes and its padding must fit what a link takes.
constexpr std::size_t kMostPadding = 1000;
// A delta of at most so many bytes, and one part in so many of the page more, is small.
constexpr std::size_t kSmallDelta = 64;
constexpr std::size_t kSmallDeltaShare = 256;
// By so much the coder's output moves without the page changing any more than before.
constexpr std::uint32_t kSlack = 8;

delta::Effort effort_of(config::Effort effort) {
  switch (effort) {
    case config::Effort::kAuto:
      return delta::Effort::kAuto;
    case config::Effort::kFast:
      return delta::Effort::kFast;
    case config::Effort::kStrong:
      return delta::Effort::kStrong;
    case config::Effort::kZstd:
      return delta::Effort::kZstd;
  }
  return delta::Effort::kAuto;
}

// Undoing a content coding makes another representation: a strong validator becomes a weak one (RFC 9110 8.8.1).
void forget_gzip(http::Response& response) {
  remove_fields(response.fields, "content-encoding");
  for (Field& field : response.fields) {
    if (same_name(field.name, "etag") && field.value.starts_with('"')) field.value.insert(0, "W/");
  }
  remove_fields(response.fields, "content-md5");
  remove_fields(response.fields, "digest");
  response.body = {.kind = http::BodyLength::Kind::kChunked};
}

}  // namespace

AnswerWriter::AnswerWriter(const config::Config& config, const KeyedHash& hash, std::uint64_t link_bytes_per_second)
    : hash_(hash),
      page_limit_bytes_(config.reference_page_limit_bytes),
      no_store_(config.reference_no_store),
      padding_bytes_(config.delta_padding_bytes) {
  encoder_options_.effort = effort_of(config.delta_effort);
  encoder_options_.cpu_budget = config.delta_cpu_budget;
  encoder_options_.link_bytes_per_second = link_bytes_per_second;
}

Answer AnswerWriter::begin(const http::Request& request, http::Response response,
                           std::optional<HeldReference> reference) {
  Answer answer;
  if (is_worth_delta(request, response)) {
    answer.coding = Coding::kDelta;
    keep_ = keep_of(request, response, no_store_);
    if (response.body.kind == http::BodyLength::Kind::kKnown && response.body.bytes > page_limit_bytes_) keep_.reset();
    if (is_gzip(response)) {
      gunzip_ = std::make_unique<http::GzipDecoder>();
      forget_gzip(response);
    }
    if (reference) {
      answer.reference = reference->index;
      reference_ = std::move(reference->version);
    }
    encoder_ = std::make_unique<delta::Encoder>(page::reference_of(reference_), encoder_options_);
    if (keep_ && response.body.kind == http::BodyLength::Kind::kKnown) page_.reserve(response.body.bytes);
  }
  answer.response = std::move(response);
  return answer;
}

Result<void> AnswerWriter::write(ByteView body, Instant now) {
  RAILGUN_CHECK(!finished_);
  if (encoder_ == nullptr) {
    page_bytes_ += body.size();
    coded_bytes_ += body.size();
    coded_.append(body);
    return {};
  }
  if (gunzip_ == nullptr) {
    write_page(body);
  } else {
    if (auto received = gunzip_->receive(body); !received) return received;
    write_page(gunzip_->take());
  }
  take_coded();
  if (flush_at_ == kNever) held_since_ = now;
  flush_at_ = encoder_->held_bytes() > 0 ? std::min(now + kFlushAfter, held_since_ + kFlushAtLatest) : kNever;
  return {};
}

void AnswerWriter::write_page(ByteView bytes) {
  page_bytes_ += bytes.size();
  if (keep_ && page_.size() + bytes.size() > page_limit_bytes_) {
    keep_.reset();
    page_ = Bytes{};
  }
  if (keep_) append(page_, bytes);
  encoder_->write(bytes);
}

void AnswerWriter::take_coded() {
  Bytes made = encoder_->take();
  coded_bytes_ += made.size();
  coded_.append(std::move(made));
}

void AnswerWriter::on_deadline(Instant now) {
  if (now < flush_at_) return;
  flush_at_ = kNever;
  encoder_->flush();
  take_coded();
}

// The delta is small, and no larger than the reference's deltas were when it was new: the page changes in the same
// places each time, and a newer version of it would be no better. Making that version, indexing and priming it costs
// both ends many times what coding the delta does.
bool AnswerWriter::reference_serves_as_well() const {
  if (reference_ == nullptr || coded_bytes_ > kSmallDelta + page_bytes_ / kSmallDeltaShare) return false;
  const std::uint32_t expected = reference_->expected_delta_bytes.load(std::memory_order_relaxed);
  return coded_bytes_ <= expected + expected / 8 + (expected > 0 ? kSlack : 0);
}

bool AnswerWriter::may_use_strong() const {
  if (encoder_options_.effort == delta::Effort::kStrong) return true;
  return encoder_options_.effort == delta::Effort::kAuto &&
         delta::strong_may_pay(encoder_options_.link_bytes_per_second);
}

AnswerTrailer AnswerWriter::keep_version() {
  using Kept = AnswerTrailer::Kept;
  const Id128 id = hash_(page_);
  const bool same_page = reference_ != nullptr && reference_->id == id;
  const auto took = static_cast<std::uint32_t>(std::min<std::uint64_t>(coded_bytes_, UINT32_MAX));
  // A page may only be in memory where another, that came with other fields, may go to the store.
  const bool may_stay = reference_ != nullptr && (reference_->keep == *keep_ || *keep_ == page::Keep::kMemoryOnly);
  if (may_stay && (same_page || reference_serves_as_well())) {
    version_ = reference_;
    // The smaller of the two: what has crept up does not count as usual.
    const std::uint32_t expected = version_->expected_delta_bytes.load(std::memory_order_relaxed);
    if (!same_page && took < expected) version_->expected_delta_bytes.store(took, std::memory_order_relaxed);
    return {.kept = Kept::kReference, .id_half = id_half(id)};
  }
  version_ = std::make_shared<page::Version>(id, std::move(page_), *keep_);
  if (reference_ != nullptr) version_->expected_delta_bytes.store(took, std::memory_order_relaxed);
  return {.kept = Kept::kPage, .keep = *keep_, .id_half = id_half(id)};
}

Result<void> AnswerWriter::finish() {
  if (gunzip_ != nullptr && !gunzip_->finished()) {
    if (!gunzip_->lacks_only_its_check()) return fail(Errc::kMalformed, "the origin's gzip body is cut short");
    lacked_its_check_ = true;
    keep_.reset();
    page_ = Bytes{};
  }
  flush_at_ = kNever;
  finished_ = true;
  AnswerTrailer trailer;
  if (encoder_ != nullptr) {
    encoder_->finish();
    take_coded();
    if (keep_ && page_bytes_ > 0) trailer = keep_version();
    trailer.strong_may_follow = may_use_strong();
  }
  trailer_ = encode_trailer(trailer);
  if (padding_bytes_ > 1) {
    const std::size_t total = coded_bytes_ + trailer_.size();
    const std::size_t missing = (padding_bytes_ - total % padding_bytes_) % padding_bytes_;
    if (trailer_.empty() && missing > 0) trailer_.push_back(0);
    trailer_.resize(trailer_.size() + std::min(missing, kMostPadding), 0);
  }
  return {};
}

}  // namespace railgun::proxy
