#include "railgund/proxy/answer_reader.h"

#include <algorithm>

#include "railgund/delta/starting_text.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// Coded bytes handed to the decoder at a time: a few bytes can stand for a whole window, and what is rebuilt before the
// client took the last is bounded by this.
constexpr std::size_t kSliceBytes = 256;

}  // namespace

AnswerReader::AnswerReader(std::vector<page::VersionPtr> named, std::shared_ptr<const KeyedHash> hash,
                           std::size_t page_limit_bytes, bool answers_head_request)
    : named_(std::move(named)),
      hash_(std::move(hash)),
      page_limit_bytes_(page_limit_bytes),
      answers_head_request_(answers_head_request) {}

Result<void> AnswerReader::head(ByteView prelude, Fields fields) {
  auto answer = decode_answer(prelude, std::move(fields), named_.size());
  if (!answer) return std::unexpected(answer.error());
  answer_ = std::move(*answer);
  if (answer_->coding == Coding::kDelta && !answer_->found)
    decoder_.emplace(answer_->is_first_visit ? delta::starting_text() : page::reference_of(reference()),
                     delta::DecoderLimits{});
  if (answer_->codes_tunnel) tunnel_.emplace(tunnel::is_websocket(answer_->response.upgrade));
  page_fits_ = is_of_a_kept_kind();
  return {};
}

void AnswerReader::give(page::VersionPtr found) {
  found_ = std::move(found);
  decoder_.emplace(page::reference_of(found_), delta::DecoderLimits{});
}

bool AnswerReader::is_of_a_kept_kind() const {
  if (answer_->coding == Coding::kDelta) return true;
  const http::BodyLength& body = answer_->response.body;
  return !answers_head_request_ && answer_->response.status == 200 && body.kind == http::BodyLength::Kind::kKnown &&
         body.bytes <= kKnownBytesMost && body.bytes <= page_limit_bytes_;
}

void AnswerReader::data(ByteView coded_bytes) {
  coded_bytes_ += coded_bytes.size();
  coded_.append(coded_bytes);
}

Result<void> AnswerReader::end(ByteView trailer) {
  auto decoded = decode_trailer(trailer);
  if (!decoded) return std::unexpected(decoded.error());
  trailer_ = *decoded;
  return {};
}

Result<std::size_t> AnswerReader::rebuild(std::size_t room) {
  std::size_t used = 0;
  if (answer_ && waits_for_reference()) return used;
  while (answer_ && !coded_.empty() && body().size() < room) {
    if (tunnel_) {
      Bytes made;
      const auto taken = tunnel_->decode(coded_.view(), room - body().size(), made);
      if (!taken) return std::unexpected(taken.error());
      used += *taken;
      coded_.consume(*taken);
      take_page(std::move(made));
      continue;
    }
    if (!decoder_) {
      const std::size_t count = std::min(coded_.size(), room - body().size());
      used += count;
      take_page(to_bytes(coded_.view().first(count)));
      coded_.consume(count);
      continue;
    }
    const ByteView slice = coded_.view().first(std::min(coded_.size(), kSliceBytes));
    if (auto received = decoder_->receive(slice); !received) return std::unexpected(received.error());
    used += slice.size();
    coded_.consume(slice.size());
    take_page(decoder_->take());
  }
  if (answer_ && trailer_ && coded_.empty() && !complete_) {
    if (auto done = complete(); !done) return std::unexpected(done.error());
  }
  return used;
}

void AnswerReader::take_page(Bytes bytes) {
  page_bytes_ += bytes.size();
  if (page_fits_ && page_.size() + bytes.size() > page_limit_bytes_) keep_nothing();
  if (!page_fits_) {
    body_.append(std::move(bytes));
  } else if (page_.empty()) {
    page_ = std::move(bytes);
  } else {
    append(page_, bytes);
  }
}

void AnswerReader::keep_nothing() {
  if (!page_fits_) return;
  body_.append(body());
  page_fits_ = false;
  page_ = Bytes{};
  if (is_new_version()) version_.reset();
}

ByteView AnswerReader::body() const {
  if (!page_fits_) return body_.view();
  // Once it is a version, the page is there.
  return (is_new_version() ? version_->reference.bytes() : ByteView(page_)).subspan(taken_);
}

void AnswerReader::body_taken(std::size_t count) {
  if (!page_fits_) {
    body_.consume(count);
  } else {
    taken_ += std::min(count, body().size());
  }
}

Result<void> AnswerReader::complete() {
  if (tunnel_ && !tunnel_->is_between_chunks()) return fail(Errc::kMalformed, "tunnel that ends within a chunk");
  if (decoder_) {
    if (auto ended = decoder_->end(); !ended) return ended;
    take_page(decoder_->take());
  }
  const http::BodyLength& announced = answer_->response.body;
  const bool has_body = !answers_head_request_ && answer_->response.status != 304;
  if (has_body && announced.kind == http::BodyLength::Kind::kKnown && announced.bytes != page_bytes_) {
    return fail(Errc::kMalformed, "answer of another length than its head says");
  }
  complete_ = true;
  using Kept = AnswerTrailer::Kept;
  if (trailer_->kept == Kept::kNothing || !page_fits_) return {};
  if (keeps_reference() && !answer_->is_against_reference())
    return fail(Errc::kMalformed, "answer that keeps a reference it has not");
  const Id128 id = (*hash_)(page_);
  if (id_half(id) != trailer_->id_half) return fail(Errc::kDenied, "the rebuilt page fails its check");
  if (keeps_reference()) {
    version_ = reference();
  } else {
    page_.shrink_to_fit();  // the decoder makes room for more
    version_ = std::make_shared<page::Version>(id, std::move(page_), trailer_->keep);
  }
  return {};
}

}  // namespace railgun::proxy
