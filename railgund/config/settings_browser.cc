// The settings of dictionaries in visitors' browsers (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kGiB = 1 << 30;

constexpr std::array kSettings{
    Setting{.key = "browser.dictionary",
            .place = &Config::browser_dictionary,
            .concerns = Concerns::kSender,
            .help =
                "Dictionaries that visitors' browsers keep, so that they get of a page only what differs (RFC 9842). "
                "site: the sender makes dictionaries of what the pages of a site have in common. page: also the "
                "page that the browser got last, which changes its Cache-Control. off: none. Browsers "
                "use them over HTTPS only, which a proxy in trusted.proxies reports by X-Forwarded-Proto.",
            .section = "Dictionaries in visitors' browsers"},
    Setting{.key = "browser.share_among",
            .place = &Config::browser_share_among,
            .concerns = Concerns::kSender,
            .help =
                "Number of visitors, from as many networks, who must have been sent a piece of text before it enters "
                "a dictionary that others get. 1: pages that visitors get without a cookie enter at once.",
            .least = 1,
            .most = 8},
    Setting{.key = "browser.memory",
            .place = &Config::browser_memory_bytes,
            .concerns = Concerns::kSender,
            .help = "Memory for dictionaries and the pages that new ones are made from.",
            .form = Form::kByteCount,
            .least = 1 << 20,
            .most = 64 * kGiB},
    Setting{.key = "browser.pages_memory",
            .place = &Config::browser_pages_memory_bytes,
            .concerns = Concerns::kSender,
            .help =
                "Memory for what browsers hold with browser.dictionary = page: 200 to 2,500 bytes for each page that a "
                "visitor was sent; 64M are enough for some 100,000 visitors an hour. When it is full, the page used "
                "least recently is evicted, and a browser that holds it gets the next version without a dictionary.",
            .form = Form::kByteCount,
            .least = 1 << 20,
            .most = 64 * kGiB},
};

}  // namespace

std::span<const Setting> browser_settings() { return kSettings; }

}  // namespace railgun::config
