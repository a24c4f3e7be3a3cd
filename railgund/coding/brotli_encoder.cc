#include "railgund/coding/brotli_encoder.h"

#include <brotli/encode.h>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

constexpr std::uint32_t kWindowBits = 18;

void run(BrotliEncoderState* state, BrotliEncoderOperation operation, ByteView piece, Bytes& to) {
  std::size_t input = piece.size();
  const std::uint8_t* next = piece.data();
  do {
    std::size_t room = 0;
    RAILGUN_CHECK(BrotliEncoderCompressStream(state, operation, &input, &next, &room, nullptr, nullptr) == BROTLI_TRUE);
    std::size_t taken = 0;
    const std::uint8_t* output = BrotliEncoderTakeOutput(state, &taken);
    append(to, ByteView(output, taken));
  } while (input > 0 || BrotliEncoderHasMoreOutput(state) == BROTLI_TRUE);
}

}  // namespace

void BrotliEncoder::Free::operator()(BrotliEncoderStateStruct* state) const { BrotliEncoderDestroyInstance(state); }

BrotliEncoder::BrotliEncoder(int quality) : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
  RAILGUN_CHECK(state_ != nullptr);
  RAILGUN_CHECK(quality >= BROTLI_MIN_QUALITY && quality <= BROTLI_MAX_QUALITY);
  BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality));
  BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, kWindowBits);
}

void BrotliEncoder::write(ByteView piece, Bytes& to) { run(state_.get(), BROTLI_OPERATION_FLUSH, piece, to); }
void BrotliEncoder::finish(Bytes& to) { run(state_.get(), BROTLI_OPERATION_FINISH, {}, to); }

}  // namespace railgun::coding
