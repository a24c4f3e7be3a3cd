#include "railgunctl/savings/savings.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include <time.h>
#include <zlib.h>
#include <zstd.h>

#include "railgund/base/file.h"
#include "railgund/coding/dcz_encoder.h"
#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"
#include "railgund/dictionary/dictionary.h"
#include "railgund/dictionary/hash.h"

namespace railgun::ctl {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Median time of one call. Short calls are timed many at once.
double time_of(const std::function<void()>& call) {
  constexpr double kBatchSeconds = 200e-6;
  constexpr double kEnoughSeconds = 0.02;
  constexpr std::size_t kSamples = 7;
  double start = cpu_seconds();
  call();
  const double once = std::max(cpu_seconds() - start, 1e-7);
  if (once > kEnoughSeconds) return once;
  const auto batch = static_cast<std::size_t>(kBatchSeconds / once) + 1;
  std::vector<double> samples;
  const double begin = cpu_seconds();
  while (samples.size() < kSamples && (samples.size() < 3 || cpu_seconds() - begin < kEnoughSeconds)) {
    start = cpu_seconds();
    for (std::size_t i = 0; i < batch; ++i) call();
    samples.push_back((cpu_seconds() - start) / static_cast<double>(batch));
  }
  std::ranges::sort(samples);
  return samples[samples.size() / 2];
}

// RFC 9842 5.2: in front of the frame, with the dictionary's hash at its end.
constexpr std::size_t kDczHeadBytes = 40;

// A way to code a page: to bytes and back.
struct Codec {
  std::function<Bytes()> encode;
  std::function<Bytes(const Bytes&)> decode;
};

Codec gzip(const Bytes& page, int level) {
  return {.encode =
              [&page, level] {
                z_stream stream{};
                deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
                Bytes out(deflateBound(&stream, page.size()));
                stream.next_in = const_cast<Bytef*>(page.data());
                stream.avail_in = static_cast<uInt>(page.size());
                stream.next_out = out.data();
                stream.avail_out = static_cast<uInt>(out.size());
                deflate(&stream, Z_FINISH);
                out.resize(stream.total_out);
                deflateEnd(&stream);
                return out;
              },
          .decode =
              [&page](const Bytes& coded) {
                z_stream stream{};
                inflateInit2(&stream, 15 + 16);
                Bytes out(page.size());
                stream.next_in = const_cast<Bytef*>(coded.data());
                stream.avail_in = static_cast<uInt>(coded.size());
                stream.next_out = out.data();
                stream.avail_out = static_cast<uInt>(out.size());
                inflate(&stream, Z_FINISH);
                out.resize(stream.total_out);
                inflateEnd(&stream);
                return out;
              }};
}

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// `before`: the prefix, or null.
Codec zstd(const Bytes* before, const Bytes& page, int level) {
  const std::shared_ptr<ZSTD_CCtx> encoder(ZSTD_createCCtx(), FreeZstd());
  const std::shared_ptr<ZSTD_DCtx> decoder(ZSTD_createDCtx(), FreeZstd());
  return {.encode =
              [encoder, before, &page, level] {
                ZSTD_CCtx_reset(encoder.get(), ZSTD_reset_session_and_parameters);
                ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, level);
                if (before != nullptr) {
                  const auto window = static_cast<int>(std::bit_width(before->size() + page.size() + 1024));
                  ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_windowLog, std::clamp(window, 10, 27));
                  ZSTD_CCtx_refPrefix(encoder.get(), before->data(), before->size());
                }
                Bytes out(ZSTD_compressBound(page.size()));
                const std::size_t used =
                    ZSTD_compress2(encoder.get(), out.data(), out.size(), page.data(), page.size());
                out.resize(ZSTD_isError(used) != 0 ? 0 : used);
                return out;
              },
          .decode =
              [decoder, before, &page](const Bytes& coded) {
                ZSTD_DCtx_reset(decoder.get(), ZSTD_reset_session_and_parameters);
                ZSTD_DCtx_setParameter(decoder.get(), ZSTD_d_windowLogMax, 27);
                if (before != nullptr) ZSTD_DCtx_refPrefix(decoder.get(), before->data(), before->size());
                Bytes out(page.size());
                const std::size_t used =
                    ZSTD_decompressDCtx(decoder.get(), out.data(), out.size(), coded.data(), coded.size());
                out.resize(ZSTD_isError(used) != 0 ? 0 : used);
                return out;
              }};
}

// The coder that browsers are served by; it is read back as a browser does.
Codec dcz(const Bytes& before, const Bytes& page) {
  const auto dictionary = std::make_shared<const dictionary::Dictionary>(before, dictionary::hash_of(before));
  const auto states = std::make_shared<coding::ZstdStates>();
  const auto as_prefix = std::make_shared<Codec>(zstd(&before, page, 1));
  return {
      .encode =
          [dictionary, states, &page] {
            Bytes out;
            coding::DczEncoder encoder(dictionary, *states);
            encoder.write(page, out);
            encoder.finish(out);
            return out;
          },
      .decode =
          [dictionary, as_prefix](const Bytes& coded) {
            const std::size_t hash_at = kDczHeadBytes - dictionary->hash().size();
            if (coded.size() < kDczHeadBytes ||
                !std::ranges::equal(ByteView(coded).subspan(hash_at, dictionary->hash().size()), dictionary->hash())) {
              return Bytes();
            }
            return as_prefix->decode(to_bytes(ByteView(coded).subspan(kDczHeadBytes)));
          }};
}

Codec ours(const std::shared_ptr<const delta::Reference>& reference, const Bytes& page, delta::Effort effort) {
  return {.encode = [reference, &page, effort] { return delta::encode(reference, page, {.effort = effort}); },
          .decode =
              [reference](const Bytes& coded) {
                auto made = delta::decode(reference, coded);
                return made ? *std::move(made) : Bytes();
              }};
}

constexpr std::size_t kMaxPageBytes = std::size_t{1} << 30;

// Empty, as a page that is left out, if it cannot be read.
Bytes contents_of(const std::filesystem::path& path) {
  const auto text = read_file(path, kMaxPageBytes);
  return text ? to_bytes(as_bytes(*text)) : Bytes{};
}

Result<SavingsResource> measure_resource(const std::string& name, std::vector<std::filesystem::path> versions,
                                         const SavingsOptions& options) {
  std::ranges::sort(versions);
  SavingsResource resource{.name = name, .versions = versions.size(), .pairs = {}};
  std::vector<std::size_t> differ;
  Bytes before = contents_of(versions[0]);
  for (std::size_t i = 1; i < versions.size(); ++i) {
    Bytes page = contents_of(versions[i]);
    if (page != before && !page.empty()) differ.push_back(i);
    before = std::move(page);
  }
  const std::size_t count = std::min(options.pairs, differ.size());
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = differ[k * differ.size() / count];
    auto pair = measure_pair(contents_of(versions[i - 1]), contents_of(versions[i]), options);
    if (!pair) return fail(pair.error().code, versions[i].string() + ": " + pair.error().text);
    resource.pairs.push_back(*pair);
  }
  return resource;
}

}  // namespace

const char* name_of(Method method) {
  static constexpr std::array<const char*, kMethods> kNames = {
      "gzip6", "zstd19", "zstd1_prefix", "zstd3_prefix", "zstd19_prefix", "fast", "strong", "auto", "zstd3", "dcz"};
  return kNames[static_cast<std::size_t>(method)];
}

Result<SavingsPair> measure_pair(const Bytes& before, const Bytes& page, const SavingsOptions& options) {
  const auto reference = std::make_shared<const delta::Reference>(before);
  reference->prepare();
  const auto strong = std::make_shared<const delta::Reference>(before);
  strong->prepare_strong();
  const std::array<Codec, kMethods> codecs = {gzip(page, 6),
                                              zstd(nullptr, page, 19),
                                              zstd(&before, page, 1),
                                              zstd(&before, page, 3),
                                              zstd(&before, page, 19),
                                              ours(reference, page, delta::Effort::kFast),
                                              ours(strong, page, delta::Effort::kStrong),
                                              ours(reference, page, delta::Effort::kAuto),
                                              zstd(nullptr, page, 3),
                                              dcz(before, page)};
  SavingsPair pair;
  pair.page_bytes = page.size();
  for (std::size_t k = 0; k < kMethods; ++k) {
    const Bytes coded = codecs[k].encode();
    if (codecs[k].decode(coded) != page) {
      return fail(Errc::kInvalid, std::string(name_of(static_cast<Method>(k))) + " does not restore the page");
    }
    Coding& coding = pair.codings[k];
    coding.bytes = coded.size();
    if (options.speeds) {
      coding.encode_seconds = time_of([&] { codecs[k].encode(); });
      coding.decode_seconds = time_of([&] { codecs[k].decode(coded); });
    }
  }
  return pair;
}

Result<std::vector<SavingsResource>> measure_savings(const std::filesystem::path& folder,
                                                     const SavingsOptions& options) {
  std::map<std::string, std::vector<std::filesystem::path>> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file()) continue;
    files[at->path().parent_path().lexically_relative(folder).string()].push_back(at->path());
  }
  if (error) return fail(Errc::kNotFound, folder.string() + ": " + error.message());
  std::vector<SavingsResource> resources;
  for (auto& [name, versions] : files) {
    auto resource = measure_resource(name, std::move(versions), options);
    if (!resource) return std::unexpected(std::move(resource.error()));
    if (!resource->pairs.empty()) resources.push_back(*std::move(resource));
  }
  if (resources.empty()) {
    return fail(Errc::kNotFound,
                folder.string() + ": no two versions of one page; the layout is RESOURCE/0001, 0002, …");
  }
  return resources;
}

}  // namespace railgun::ctl
