// The settings of pages compressed for visitors (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kGiB = 1 << 30;

constexpr std::array kSettings{
    Setting{.key = "compress",
            .place = &Config::compress,
            .concerns = Concerns::kSender,
            .help = "Codings in which visitors get pages, in order of preference, of those that their browser accepts: "
                    "zstd, br, gzip. off: pages are sent as they are, which leaves compression to a server in front.",
            .form = Form::kCoding,
            .section = "Pages compressed for visitors"},
    Setting{.key = "compress.zstd_level",
            .place = &Config::compress_zstd_level,
            .concerns = Concerns::kSender,
            .help = "Compression level of zstd. Higher levels take more CPU time and fewer bytes.",
            .least = 1,
            .most = 19},
    Setting{.key = "compress.br_level",
            .place = &Config::compress_br_level,
            .concerns = Concerns::kSender,
            .help = "Compression level of br. Levels from 6 on take much more CPU time for few bytes.",
            .most = 11},
    Setting{.key = "compress.gzip_level",
            .place = &Config::compress_gzip_level,
            .concerns = Concerns::kSender,
            .help = "Compression level of gzip. Parts of a page that have not changed are not compressed again, so a "
                    "high level costs little.",
            .least = 1,
            .most = 9},
    Setting{.key = "compress.min_bytes",
            .place = &Config::compress_min_bytes,
            .concerns = Concerns::kSender,
            .help = "Pages shorter than this are sent as they are.",
            .form = Form::kByteCount,
            .most = kGiB},
    Setting{.key = "compress.types",
            .place = &Config::compress_types,
            .concerns = Concerns::kSender,
            .help =
                "Media types that are compressed. * stands for any text. text/event-stream is compressed only if it "
                "is named itself.",
            .form = Form::kMediaType},
    Setting{.key = "compress.memory",
            .place = &Config::compress_memory_bytes,
            .concerns = Concerns::kSender,
            .help = "Compressed parts of pages that each worker keeps, so that unchanged text is not compressed again. "
                    "For gzip.",
            .form = Form::kByteCount,
            .most = 64 * kGiB},
};

}  // namespace

std::span<const Setting> compression_settings() { return kSettings; }

}  // namespace railgun::config
