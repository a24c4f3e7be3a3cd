#include "railgund/proxy/answer_writer.h"

#include <algorithm>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/delta/first_visit.h"
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
// By so much the coder's output moves without the page changing any more than before: deltas for 32 new bytes in a page
// of 92 KB took 33 to 56.
constexpr std::uint32_t kSlack = 24;
// Of so many bytes of a page a reference is chosen.
constexpr std::size_t kFirstBytes = page::Sketch::kTextBytes;
// Another reference is taken instead of the nearest kin if so many more of a sketch's places are the same: to prepare
// it costs both ends more than a few bytes.
constexpr unsigned kClearlyMore = 4;
// A version that was not named has to be like the page in so many places, and in so many more than those that were: if the
// sender has lost it, the request is sent once more.
constexpr unsigned kLeastLike = page::Sketch::kPlaces / 4;
constexpr unsigned kMuchMore = page::Sketch::kPlaces / 8;
// How long a body that may be the same as a version is held back while it comes slowly.
constexpr Duration kCompareAtLatest = std::chrono::milliseconds(200);

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

AnswerWriter::AnswerWriter(const config::Config& config, const KeyedHash& hash, const To& to)
    : has_starting_text_(to.has_starting_text),
      has_coded_much_(to.has_coded_much),
      takes_coded_tunnel_(to.codes_tunnel),
      hash_(hash),
      page_limit_bytes_(config.reference_page_limit_bytes),
      no_store_(config.reference_no_store),
      padding_bytes_(config.delta_padding_bytes) {
  encoder_options_.effort = effort_of(config.delta_effort);
  encoder_options_.cpu_budget = config.delta_cpu_budget;
  encoder_options_.link_bytes_per_second = to.bytes_per_second;
}

void AnswerWriter::begin(const http::Request& request, http::Response response, std::vector<HeldReference> references,
                         bool may_keep, std::optional<ContentSearch> search) {
  const bool has_length = response.body.kind == http::BodyLength::Kind::kKnown;
  const std::uint64_t length = response.body.bytes;  // if it has one
  if (is_worth_delta(request, response)) {
    answer_.coding = Coding::kDelta;
    is_asset_ = !has_coded_much_ && is_asset(request, response);
    keep_ = keep_of(request, response, no_store_);
    if (!may_keep || (has_length && length > page_limit_bytes_)) keep_.reset();
    if (is_gzip(response)) {
      gunzip_ = std::make_unique<http::GzipDecoder>();
      forget_gzip(response);
    }
    if (keep_ && has_length) page_.reserve(length);
    choices_ = std::move(references);
    search_ = std::move(search);
    if (choices_.size() <= 1 && !search_) choose_reference();
  } else {
    if (may_keep && has_length && length <= page_limit_bytes_ && may_be_known(request, response) &&
        keep_of(request, response, no_store_)) {
      keep_ = page::Keep::kMemoryOnly;
      const auto same_size = [&](const HeldReference& one) { return one.version->reference.size() == length; };
      const auto found = std::find_if(references.begin(), references.end(), same_size);
      if (found != references.end()) compared_ = std::move(*found);
    }
    head_ready_ = !compared_;
    if (response.status == 101 && takes_coded_tunnel_) {
      answer_.codes_tunnel = true;
      tunnel_.emplace(tunnel::is_websocket(response.upgrade));
    }
  }
  answer_.response = std::move(response);
}

std::optional<Answer> AnswerWriter::take_head() {
  if (!head_ready_ || head_taken_) return std::nullopt;
  head_taken_ = true;
  return answer_;
}

Result<void> AnswerWriter::write(ByteView body, Instant now) {
  RAILGUN_CHECK(!finished_);
  if (answer_.coding == Coding::kRaw) {
    tunnel_ ? write_tunnel(body, now) : write_unchanged(body, now);
    return {};
  }
  if (gunzip_ == nullptr) {
    write_page(body);
  } else {
    if (auto received = gunzip_->receive(body); !received) return received;
    write_page(gunzip_->take());
  }
  take_coded();
  set_flush(now, kFlushAfter, kFlushAtLatest);
  return {};
}

void AnswerWriter::set_flush(Instant now, Duration after, Duration at_latest) {
  if (flush_at_ == kNever) held_since_ = now;
  const bool holds = held_bytes() > 0 || equal_bytes_ > 0;
  flush_at_ = holds ? std::min(now + after, held_since_ + at_latest) : kNever;
}

bool AnswerWriter::is_equal_so_far(ByteView body) const {
  const ByteView rest = compared_->version->reference.bytes().subspan(equal_bytes_);
  return body.size() <= rest.size() && std::equal(body.begin(), body.end(), rest.begin());
}

void AnswerWriter::write_unchanged(ByteView body, Instant now) {
  if (compared_ && is_equal_so_far(body)) {
    equal_bytes_ += body.size();
    return set_flush(now, kCompareAtLatest, kCompareAtLatest);
  }
  stop_comparing();
  pass(body);
}

void AnswerWriter::write_tunnel(ByteView bytes, Instant now) {
  page_bytes_ += bytes.size();
  Bytes made;
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(bytes.size(), tunnel::kMostPieceBytes));
    tunnel_->encode(piece, now, may_begin_context_, made);
    bytes = bytes.subspan(piece.size());
  }
  add_coded(std::move(made));
}

void AnswerWriter::add_coded(Bytes made) {
  coded_bytes_ += made.size();
  coded_.append(std::move(made));
}

void AnswerWriter::pass(ByteView body) {
  page_bytes_ += body.size();
  coded_bytes_ += body.size();
  if (keep_ && page_.size() + body.size() > answer_.response.body.bytes) keep_nothing();
  if (keep_) append(page_, body);
  coded_.append(body);
}

// The body is another one than the version, or comes too slowly: what was held back for it goes out.
void AnswerWriter::stop_comparing() {
  head_ready_ = true;
  flush_at_ = kNever;
  if (!compared_) return;
  const HeldReference other = *std::exchange(compared_, std::nullopt);
  pass(other.version->reference.bytes().first(std::exchange(equal_bytes_, 0)));
}

void AnswerWriter::write_page(ByteView bytes) {
  page_bytes_ += bytes.size();
  if (keep_ && page_.size() + bytes.size() > page_limit_bytes_) keep_nothing();
  if (keep_) append(page_, bytes);
  if (encoder_ != nullptr) {
    encoder_->write(bytes);
    return;
  }
  if (first_.empty() && is_plainly_nearest(bytes)) {
    take_choice(0);
    return start_coding(bytes);
  }
  append(first_, bytes);
  if (first_.size() >= kFirstBytes || is_plainly_nearest(first_)) choose_reference();
}

bool AnswerWriter::is_plainly_nearest(ByteView text) const {
  return !choices_.empty() && page::is_plainly_alike(text, choices_.front().version->reference.bytes());
}

// By the page's first bytes: the nearest kin unless another is clearly more like it.
void AnswerWriter::choose_reference() {
  const Bytes text = std::exchange(first_, {});
  if ((choices_.size() <= 1 && !search_) || is_plainly_nearest(text)) {
    take_choice(0);
    return start_coding(text);
  }
  const page::Sketch sketch(text);
  std::size_t best = 0;
  unsigned most = choices_.empty() ? 0 : sketch.likeness(choices_.front().version->sketch());
  for (std::size_t i = 1; i < choices_.size(); ++i) {
    const unsigned likeness = sketch.likeness(choices_[i].version->sketch());
    if (likeness <= most + kClearlyMore) continue;
    most = likeness;
    best = i;
  }
  if (search_) search_content(sketch, most);
  if (!answer_.found) take_choice(best);
  start_coding(text);
}

void AnswerWriter::take_choice(std::size_t best) {
  if (choices_.empty()) return;
  answer_.reference = choices_[best].index;
  reference_ = std::move(choices_[best].version);
}

// `likeness`: of the best that was named.
void AnswerWriter::search_content(const page::Sketch& sketch, unsigned likeness) {
  const unsigned least = std::max(kLeastLike, likeness + kMuchMore);
  if (least > page::Sketch::kPlaces) return;
  reference_ = search_->cache->find_alike(sketch, least, search_->process, search_->keys);
  if (reference_) answer_.found = reference_->id;
}

void AnswerWriter::start_coding(ByteView text) {
  choices_.clear();
  search_.reset();
  encoder_ = make_encoder();
  encoder_->write(text);
  head_ready_ = true;
}

std::unique_ptr<delta::Encoder> AnswerWriter::make_encoder() {
  if (reference_ != nullptr || !has_starting_text_)
    return std::make_unique<delta::Encoder>(page::reference_of(reference_), encoder_options_);
  delta::FirstVisit plan = delta::plan_first_visit(encoder_options_, is_asset_);
  answer_.is_first_visit = plan.reference != nullptr;
  return std::make_unique<delta::Encoder>(std::move(plan.reference), plan.options);
}

void AnswerWriter::take_coded() {
  if (encoder_ != nullptr) add_coded(encoder_->take());
}

void AnswerWriter::begin_without_body() {
  if (answer_.coding == Coding::kRaw) {
    stop_comparing();
  } else if (encoder_ == nullptr) {
    choose_reference();
  }
}

void AnswerWriter::on_deadline(Instant now) {
  if (tunnel_) {
    Bytes made;
    tunnel_->on_deadline(now, made);
    return add_coded(std::move(made));
  }
  if (now < flush_at_) return;
  flush_at_ = kNever;
  begin_without_body();
  flush_if_over(0);
}

void AnswerWriter::keep_nothing() {
  keep_.reset();
  page_ = Bytes{};
  if (is_new_version()) version_.reset();
}

void AnswerWriter::flush_if_over(std::size_t bytes) {
  if (encoder_ == nullptr || encoder_->held_bytes() < bytes) return;
  encoder_->flush();
  take_coded();
  if (first_.empty()) flush_at_ = kNever;
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

// A body that is no text: the same as the version that it was compared with, or itself a version.
AnswerTrailer AnswerWriter::finish_unchanged() {
  using Kept = AnswerTrailer::Kept;
  if (compared_ && equal_bytes_ == answer_.response.body.bytes) {
    reference_ = compared_->version;
    version_ = reference_;
    answer_.coding = Coding::kDelta;
    answer_.reference = compared_->index;
    head_ready_ = true;
    page_bytes_ = equal_bytes_;
    coded_.append(delta::encode(page::reference_of(reference_), reference_->reference.bytes(), encoder_options_));
    coded_bytes_ = coded_.size();
    return {.kept = Kept::kReference, .id_half = id_half(reference_->id)};
  }
  stop_comparing();
  if (!keep_ || page_bytes_ != answer_.response.body.bytes) return {};
  const Id128 id = hash_(page_);
  version_ = std::make_shared<page::Version>(id, std::move(page_), *keep_);
  return {.kept = Kept::kPage, .keep = *keep_, .id_half = id_half(id)};
}

Result<void> AnswerWriter::finish() {
  if (gunzip_ != nullptr && !gunzip_->finished()) {
    if (!gunzip_->lacks_only_its_check()) return fail(Errc::kMalformed, "the origin's gzip body is cut short");
    lacked_its_check_ = true;
    keep_nothing();
  }
  flush_at_ = kNever;
  finished_ = true;
  tunnel_.reset();
  AnswerTrailer trailer;
  if (answer_.coding == Coding::kRaw) {
    trailer = finish_unchanged();
  } else {
    if (encoder_ == nullptr) choose_reference();
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
