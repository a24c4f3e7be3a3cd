#include "railgund/config/render.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "railgund/config/parser.h"

namespace railgun::config {
namespace {

Config config_of(std::string_view text) {
  Result<ParsedConfig> parsed = parse_config(text, "t");
  EXPECT_TRUE(parsed.has_value()) << parsed.error().text;
  return parsed ? parsed->config : Config{};
}

std::string read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Tests run in the root of the repository. To write the files anew after a change of the table:
//   RAILGUN_WRITE_SAMPLE=1 build/dev/bin/unit_config --gtest_filter='Sample.*'
TEST(Sample, IsTheFileInConf) {
  if (std::getenv("RAILGUN_WRITE_SAMPLE") != nullptr) std::ofstream("conf/railgun.conf") << sample_config();
  EXPECT_EQ(read("conf/railgun.conf"), sample_config());
}

// The chapter stands between its heading and the next one.
TEST(Sample, IsTheChapterInTheManual) {
  constexpr const char* kManual = "doc/OPERATIONS.md";
  constexpr std::string_view kHeading = "\n## The settings\n";
  const std::string manual = read(kManual);
  const std::size_t heading = manual.find(kHeading);
  ASSERT_NE(heading, std::string::npos);
  const std::size_t begin = manual.find("\n### ", heading);
  const std::size_t end = manual.find("\n## ", heading + kHeading.size());
  ASSERT_TRUE(begin < end && end != std::string::npos);
  if (std::getenv("RAILGUN_WRITE_SAMPLE") != nullptr) {
    std::ofstream(kManual) << manual.substr(0, begin) + settings_chapter() + manual.substr(end);
  }
  const std::string after = read(kManual);
  EXPECT_NE(after.find(std::string(kHeading)), std::string::npos);
  EXPECT_EQ(after.substr(begin, after.find("\n## ", begin) - begin), settings_chapter());
}

TEST(Sample, ParsesWithoutAWarning) {
  const Result<ParsedConfig> parsed = parse_config(sample_config(), "railgun.conf");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_TRUE(parsed->warnings.empty()) << parsed->warnings[0];
}

TEST(Sample, ParsesWithEveryLineThatIsCommentedOutForTheDefaultRole) {
  // "#key = value" lines have no space behind the sign; prose has.
  std::string text = sample_config();
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    if (text[at + 2] != ' ' && text[at + 2] != '#') text.erase(at + 1, 1);
  }
  const Result<ParsedConfig> parsed = parse_config(text, "railgun.conf");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
}

TEST(Sample, HasAMapThatMapsNothingYet) {
  const Result<OriginMap> map = parse_origin_map(read("conf/railgun-nat.conf"), "railgun-nat.conf");
  ASSERT_TRUE(map.has_value()) << map.error().text;
  EXPECT_TRUE(map->empty());
  // Its examples, once the sign before them is gone, are right.
  std::string text = read("conf/railgun-nat.conf");
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    if (text[at + 2] != ' ' && text[at + 2] != '\n') text.erase(at + 1, 1);
  }
  const Result<OriginMap> examples = parse_origin_map(text, "railgun-nat.conf");
  ASSERT_TRUE(examples.has_value()) << examples.error().text;
  EXPECT_FALSE(examples->empty());
}

TEST(ShowConfig, NeverShowsASecret) {
  const Config config = config_of(
      "activation.token = tok-canary\nstats.token = tok-canary\nstats.enabled = 1\n"
      "stats.url = https://user:tok-canary@stats.example/post?tok-canary\n");
  for (const ShownSetting& shown : show_config(config, config)) {
    EXPECT_EQ(shown.value.find("canary"), std::string::npos) << shown.key;
    if (shown.key == "stats.url") {
      EXPECT_EQ(shown.value, "https://(secret)@stats.example/post?(secret)");
    }
    if (shown.key == "stats.token") {
      EXPECT_EQ(shown.value, "(secret)");
    }
  }
}

TEST(ShowConfig, ListsSitesAndSaysWhatIsDefault) {
  const Config config = config_of("role = sender\nlisten = 127.0.0.1:80\nsite.a.example.listeners = b\n");
  const std::vector<ShownSetting> shown = show_config(config, config);
  const auto find = [&](std::string_view key) { return std::ranges::find(shown, key, &ShownSetting::key); };
  ASSERT_NE(find("site.a.example.listeners"), shown.end());
  EXPECT_EQ(find("site.a.example.listeners")->value, "b:2408");
  EXPECT_FALSE(find("role")->is_default);
  EXPECT_TRUE(find("role")->needs_restart);
  EXPECT_TRUE(find("lan.timeout")->is_default);
  EXPECT_EQ(find("lan.timeout")->value, "30");
}

TEST(ShowConfig, TellsWhatIsInForceFromWhatWaitsForARestart) {
  Config running = config_of("wan.port = 2408\npid.file = /run/a.pid\nactivation.token = tok-old\nlan.timeout = 9\n");
  const Config file = config_of("wan.port = 2409\nactivation.token = tok-new\nlan.timeout = 10\n");
  const std::vector<ShownSetting> shown = show_config(running, file);
  const auto find = [&](std::string_view key) { return std::ranges::find(shown, key, &ShownSetting::key); };
  EXPECT_EQ(find("wan.port")->value, "2408");
  EXPECT_EQ(find("wan.port")->pending, "2409");
  EXPECT_EQ(find("pid.file")->value, "/run/a.pid");
  EXPECT_EQ(find("pid.file")->pending, "");
  EXPECT_EQ(find("activation.token")->pending, "(secret)");
  EXPECT_EQ(find("memory.limit")->pending, std::nullopt);
  EXPECT_EQ(find("lan.timeout")->pending, std::nullopt);
}

TEST(DiffConfigs, NamesWhatChangedAndWhatWaitsForARestart) {
  const Config before = config_of("lan.timeout = 30\nwan.port = 2408\nstats.token = a\n");
  const Config after = config_of("lan.timeout = 31\nwan.port = 2409\nstats.token = b\n");
  const std::vector<ChangedSetting> changes = diff_configs(before, after);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].key, "wan.port");
  EXPECT_EQ(changes[0].before, "2408");
  EXPECT_EQ(changes[0].after, "2409");
  EXPECT_TRUE(changes[0].needs_restart);
  EXPECT_EQ(changes[1].key, "lan.timeout");
  EXPECT_FALSE(changes[1].needs_restart);
  EXPECT_EQ(changes[2].key, "stats.token");
  EXPECT_EQ(changes[2].after, "(secret)");
  EXPECT_TRUE(diff_configs(before, before).empty());
}

TEST(DiffConfigs, SeesSitesComeGoAndChange) {
  constexpr std::string_view kHead = "role = sender\nlisten = 127.0.0.1:80\n";
  const Config before = config_of(std::string(kHead) + "site.a.listeners = x\nsite.b.listeners = x\n");
  const Config after = config_of(std::string(kHead) + "site.b.listeners = y\nsite.c.origin = http://z\n");
  const std::vector<ChangedSetting> changes = diff_configs(before, after);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].key, "site.a.listeners");
  EXPECT_EQ(changes[0].after, "");
  EXPECT_EQ(changes[1].key, "site.b.listeners");
  EXPECT_EQ(changes[1].after, "y:2408");
  EXPECT_EQ(changes[2].key, "site.c.origin");
  EXPECT_EQ(changes[2].after, "http://z:80");
}

TEST(DiffConfigs, SeesThatOnlyTheMapFilesContentChanged) {
  Config before, after;
  before.map_file = after.map_file = "/nat";
  after.origins = *parse_origin_map("a = 10.0.0.1", "nat");
  const std::vector<ChangedSetting> changes = diff_configs(before, after);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].key, "map.file");
  EXPECT_FALSE(changes[0].needs_restart);
}

TEST(DiffConfigs, SeesThatOnlyAnErrorPagesContentChanged) {
  Config before;
  before.sites = {{.host = "a.test", .listeners = {}, .origin = {}, .error_page = "/sorry", .error_page_text = "soon"}};
  Config after = before;
  EXPECT_TRUE(diff_configs(before, after).empty());
  after.sites[0].error_page_text = "later";
  const std::vector<ChangedSetting> changes = diff_configs(before, after);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].key, "site.a.test.error_page");
  EXPECT_FALSE(changes[0].needs_restart);
}

}  // namespace
}  // namespace railgun::config
