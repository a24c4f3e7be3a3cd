#include "railgund/config/reload.h"

#include <gtest/gtest.h>

#include "railgund/config/render.h"
#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

// Another value than `text` for a setting, such as its type takes.
std::string other_value(const Setting& setting, const std::string& text) {
  for (const char* const candidate : {"1",      "2",
                                      "7",      "17",
                                      "0",      "2M",
                                      "512M",   "2048",
                                      "70000",  "127.0.0.1:999",
                                      "/tmp/x", "10.0.0.1",
                                      "sender", "never",
                                      "cancel", "fast",
                                      "off",    "http://example.com:81",
                                      "gzip",   "text/x",
                                      "word",   "json",
                                      "names"}) {
    Config config;
    Site site;
    if (candidate != text && set_value(config, &site, setting, candidate)) return candidate;
  }
  ADD_FAILURE() << setting.key << ": no value to change it to";
  return text;
}

class EachSetting : public testing::Test {
 protected:
  EachSetting() {
    running.sites = {{.host = "default", .listeners = {{"a", 2408}}, .origin = {}}};
    // So that no change contradicts another setting.
    running.stats_token = "0123456789abcdef";
    running.cert_file = running.key_file = "/c";
    running.listen = {{"127.0.0.1", 80}};
  }

  Config changed(const Setting& setting) const {
    Config config = running;
    const Site* site = is_site_setting(setting) ? &config.sites[0] : nullptr;
    const std::string value = other_value(setting, value_text(config, site, setting));
    EXPECT_TRUE(set_value(config, is_site_setting(setting) ? &config.sites[0] : nullptr, setting, value));
    return config;
  }
  static std::string text_of(const Config& config, const Setting& setting) {
    return value_text(config, is_site_setting(setting) ? &config.sites[0] : nullptr, setting);
  }

  Config running;
};

TEST_F(EachSetting, IsInForceAfterAReloadOrKeepsItsValueUntilARestart) {
  for (const Setting& setting : settings()) {
    const Config parsed = changed(setting);
    ASSERT_NE(text_of(running, setting), text_of(parsed, setting)) << setting.key;
    const Result<Config> merged = merge_reloadable(running, parsed);
    ASSERT_TRUE(merged) << setting.key << ": " << merged.error().text;
    const Config& expected = setting.takes == Takes::kReload ? parsed : running;
    for (const Setting& each : settings()) EXPECT_EQ(text_of(*merged, each), text_of(expected, each)) << setting.key;
  }
}

TEST_F(EachSetting, IsReportedOnceIfItIsInForceAndEachTimeIfItWaits) {
  for (const Setting& setting : settings()) {
    const Config parsed = changed(setting);
    const Result<Config> merged = merge_reloadable(running, parsed);
    ASSERT_TRUE(merged) << setting.key << ": " << merged.error().text;
    ASSERT_EQ(diff_configs(running, parsed).size(), 1u) << setting.key;
    const std::vector<ChangedSetting> second = diff_configs(*merged, parsed);
    if (setting.takes == Takes::kReload) {
      EXPECT_TRUE(second.empty()) << setting.key;
    } else {
      ASSERT_EQ(second.size(), 1u) << setting.key;
      EXPECT_EQ(second[0].key, setting.key);
      EXPECT_TRUE(second[0].needs_restart);
    }
  }
}

TEST(MergeReloadable, TakesSitesAndTheContentOfTheMapFile) {
  Config running, parsed;
  running.sites = {{.host = "a", .listeners = {{"x", 1}}, .origin = {}}};
  parsed.sites = {{.host = "b", .listeners = {{"y", 2}}, .origin = {}}};
  parsed.origins = *parse_origin_map("a = 10.0.0.1", "nat");
  const Result<Config> merged = merge_reloadable(running, parsed);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->sites, parsed.sites);
  EXPECT_TRUE(merged->origins == parsed.origins);
}

// The file moves the statistics to loopback and drops the token; until the restart they are still open to others.
TEST(MergeReloadable, RefusesValuesThatContradictThoseThatStay) {
  Config running;
  running.stats_enabled = true;
  running.stats_listen = Endpoint{"0.0.0.0", 24088};
  running.stats_token = "0123456789abcdef";
  Config parsed = running;
  parsed.stats_listen = Endpoint{"127.0.0.1", 24088};
  parsed.stats_token.clear();
  const Result<Config> merged = merge_reloadable(running, parsed);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, Errc::kInvalid);
  EXPECT_TRUE(merged.error().text.starts_with("stats.listen: ")) << merged.error().text;
}

}  // namespace
}  // namespace railgun::config
