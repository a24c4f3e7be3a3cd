#include "railgund/proxy/sender_request.h"

#include <algorithm>
#include <utility>

#include "railgund/http/date.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/front_door.h"
#include "railgund/proxy/held_limits.h"

namespace railgun::proxy {
namespace {

// What is compressed in one turn of the loop: at 50 MB/s (gzip or br, nothing in the cache) 2 ms.
constexpr std::size_t kMostPieceBytes = 96 * 1024;
// Compressed bytes that may wait for the client before more are made: enough to keep it busy.
constexpr std::size_t kMostWaitingBytes = 16 * 1024;
// Text that a client has room for, compressed: four times its room, at the least.
constexpr std::size_t kLeastRatio = 4;

Counter& client_bytes_of(Counters& counters, const std::optional<coding::Encoder>& encoder) {
  switch (encoder ? encoder->coding() : coding::Coding::kIdentity) {
    case coding::Coding::kGzip:
      return counters.client_bytes_gzip;
    case coding::Coding::kBrotli:
      return counters.client_bytes_br;
    case coding::Coding::kZstd:
      return counters.client_bytes_zstd;
    case coding::Coding::kDcz:
      return counters.client_bytes_dcz;
    case coding::Coding::kIdentity:
      break;
  }
  return counters.client_bytes_identity;
}

}  // namespace

std::string SenderRequest::id() const {
  const auto digits = request_id(number);
  return {digits.begin(), digits.end()};
}

// The upper bits are those of the process (Sender's constructor).
std::string SenderRequest::direct_name() const {
  const auto digits = request_id(number >> 40);
  return "railgun-" + std::string(digits.begin(), digits.begin() + 8);
}

void SenderRequest::set_header(Fields& fields, const std::string& value) const {
  if (config->header_name.empty()) return;
  remove_fields(fields, config->header_name);
  fields.push_back({config->header_name, value});
}

void SenderRequest::add_fixed_fields(const SenderPorts& ports, Fields& fields) const {
  if (const auto time = ports.time_of_day(); time && find_field(fields, "date") == nullptr)
    fields.push_back({"Date", http::date_text(*time)});
  proxy::add_fixed_fields(fields, config->answer_fields, came_by_https);
}

void SenderRequest::send_head(const SenderPorts& ports, http::Response response, const std::string& header) {
  set_header(response.fields, header);
  status = response.status;
  head_sent = true;
  if (response.status == 101) {
    ports.client.switch_to_tunnel(response, ports.now());
  } else {
    KnownDictionary known = ports.dictionaries.answer(dictionary, http, response, *config, ports.now());
    const bool is_page = known.is_page, is_file = known.is_file;
    add_fixed_fields(ports, response.fields);
    if (config->header_timing) response.fields.push_back({"Server-Timing", server_timing(way, link_time, origin_time)});
    encoder = ports.compression.begin(http, tags_restored, std::move(known), response);
    if (encoder && encoder->coding() == coding::Coding::kDcz) {
      ports.counters().answers_dcz.add();
      if (is_page) ports.counters().answers_dcz_page.add();
      if (is_file) ports.counters().answers_dcz_file.add();
    }
    ports.client.send_response(response, ports.now());
  }
}

void SenderRequest::count_client_bytes(const SenderPorts& ports, std::size_t bytes) {
  client_bytes_of(ports.counters(), encoder).add(bytes);
  client_bytes += bytes;
}

std::size_t SenderRequest::send_body(const SenderPorts& ports, ByteView held) {
  if (!head_sent || held.empty()) return 0;
  const std::size_t waiting = ports.client.waiting_bytes(), most = room_beside(ports.held_decoded());
  const std::size_t room = std::min(ports.client.writable_bytes(), most - std::min(waiting, most));
  if (room == 0 || (encoder && waiting > kMostWaitingBytes)) return 0;
  const ByteView piece =
      held.first(std::min(held.size(), encoder ? std::min(kMostPieceBytes, kLeastRatio * room) : room));
  if (!encoder) {
    count_client_bytes(ports, piece.size());
    take(ports, piece);
    ports.client.send_body(piece, ports.now());
    return piece.size();
  }
  take(ports, piece);
  Bytes coded;
  const Stopwatch work(ports.counters().clock);
  encoder->write(piece, coded);
  encode_time += work.elapsed();
  count_client_bytes(ports, coded.size());
  ports.client.send_body(coded, ports.now());
  return piece.size();
}

void SenderRequest::take(const SenderPorts& ports, ByteView piece) {
  ports.counters().client_page_bytes.add(piece.size());
  if (encoder && encoder->coding() == coding::Coding::kDcz) ports.counters().dcz_page_bytes.add(piece.size());
  Dictionaries::add(dictionary, piece);
}

void SenderRequest::send_end(const SenderPorts& ports) {
  if (ports.dictionaries.finish(dictionary, http, ports.now()))
    ports.refresh(RefreshDictionary{&ports.dictionaries.shelf(), dictionary.audience});
  if (encoder) {
    Bytes coded;
    encoder->finish(coded);
    count_client_bytes(ports, coded.size());
    ports.client.send_body(coded, ports.now());
    record(ports.counters().spread.compress_time, encode_time);
  }
  ports.client.send_end(ports.now(), answer_trailers);
}

void SenderRequest::upload_taken(const SenderPorts& ports, std::size_t bytes) {
  if (bytes == 0) return;
  upload_begun = true;
  upload.consume(bytes);
  ports.client.body_consumed(bytes, ports.now());
}

}  // namespace railgun::proxy
