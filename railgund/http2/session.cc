#include "railgund/http2/session.h"

#include <algorithm>
#include <vector>

#include "railgund/http/syntax.h"
#include "railgund/http/trailers.h"

namespace railgun::http2 {
namespace {

// Larger than what HTTP/1.1 takes from clients and origins, so that this is no further limit.
constexpr std::size_t kMostHeadBytes = 1024 * 1024;
// Of a DATA frame when the shell asks for very little: smaller ones would be mostly frame heads.
constexpr std::size_t kLeastDataBytes = 1024;

std::uint8_t* borrowed(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

}  // namespace

int Session::receive(ByteView bytes) {
  wake();
  const ssize_t taken = nghttp2_session_mem_recv(get(), bytes.data(), bytes.size());
  return taken < 0 ? static_cast<int>(taken) : 0;
}

int Session::pull(Bytes& to, std::size_t most) {
  to_ = &to;
  end_ = to.size() + most;
  int error = 0;
  while (session_ != nullptr && !has_nothing_ && to.size() < end_) {
    const std::size_t before = to.size();
    const std::uint8_t* frame = nullptr;
    const ssize_t count = nghttp2_session_mem_send(get(), &frame);
    if (count < 0) {
      error = static_cast<int>(count);
      break;
    }
    append(to, ByteView(frame, static_cast<std::size_t>(count)));
    has_nothing_ = to.size() == before;
  }
  to_ = nullptr;
  return error;
}

ssize_t Session::next_data(std::int32_t stream, std::size_t most, const Body& body, std::uint32_t* flags) {
  if (body.bytes.empty() && !body.has_ended) return NGHTTP2_ERR_DEFERRED;
  const std::size_t start = to_->size() + kFrameHeadBytes;
  const std::size_t room = end_ > start ? end_ - start : 0;
  const std::size_t count = std::min({most, body.bytes.size(), std::max(room, kLeastDataBytes)});
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (!body.has_ended || count < body.bytes.size()) return static_cast<ssize_t>(count);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (submit_trailers(stream, body.trailers)) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  return static_cast<ssize_t>(count);
}

// False: there are none to be sent, so DATA ends the stream.
bool Session::submit_trailers(std::int32_t stream, Fields& trailers) {
  http::keep_trailers(trailers);
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(trailers.size());
  for (const Field& field : trailers) pairs.push_back(pair_of(field.name, http::trim_blanks(field.value)));
  return !pairs.empty() && nghttp2_submit_trailer(get(), stream, pairs.data(), pairs.size()) == 0;
}

int Session::write_data(const std::uint8_t* head, ByteQueue& from, std::size_t size) {
  append(*to_, ByteView(head, kFrameHeadBytes));
  from.take(*to_, size);
  return to_->size() >= end_ ? NGHTTP2_ERR_PAUSE : 0;
}

Options make_options() {
  nghttp2_option* option = nullptr;
  RAILGUN_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_send_header_block_length(option, kMostHeadBytes);
  return Options(option);
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  return {borrowed(name), borrowed(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace railgun::http2
