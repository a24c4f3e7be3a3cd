#include "railgund/config/settings_table.h"

#include <set>

#include <gtest/gtest.h>

namespace railgun::config {
namespace {

TEST(SettingsTable, NamesEveryKeyOnceAndEndsItsHelpAsASentence) {
  std::set<std::string_view> keys;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_TRUE(setting.help.ends_with('.')) << setting.key;
  }
  for (const RetiredSetting& retired : retired_settings()) {
    EXPECT_TRUE(keys.insert(retired.key).second) << retired.key;
    if (!retired.now.empty()) {
      EXPECT_NE(find_setting(retired.now), nullptr) << retired.key;
    }
  }
}

TEST(SettingsTable, KeepsEveryKeyOfTheOriginal) {
  for (const char* key : {"activation.token",
                          "activation.railgun_host",
                          "wan.ip",
                          "wan.port",
                          "wan.tls",
                          "cert.file",
                          "key.file",
                          "log.level",
                          "syslog.addr",
                          "stderr.file",
                          "pid.file",
                          "lan.timeout",
                          "memcached.servers",
                          "memcached.timeout",
                          "memcached.expiration",
                          "memcached.limit",
                          "stats.enabled",
                          "stats.url",
                          "stats.log",
                          "stats.interval",
                          "stats.listen",
                          "validate.cert",
                          "ca.bundle",
                          "map.file",
                          "origin.idleconns",
                          "insecure.origin",
                          "origin.cf-railgun",
                          "wan.lanes"}) {
    EXPECT_NE(find_setting(key), nullptr) << key;
  }
}

TEST(SettingsTable, ReloadsWhatTheOriginalReloaded) {
  for (const char* key : {"lan.timeout", "log.level", "map.file", "memcached.expiration", "memcached.limit",
                          "memcached.servers", "memcached.timeout", "stats.url", "syslog.addr", "validate.cert"}) {
    EXPECT_EQ(find_setting(key)->takes, Takes::kReload) << key;
  }
}

TEST(SettingsTable, ReadsBackTheDefaultsItWrites) {
  for (const Setting& setting : settings()) {
    Config config;
    Site site;
    const std::string text = value_text(config, &site, setting);
    const Result<void> set = set_value(config, &site, setting, text);
    ASSERT_TRUE(set.has_value()) << setting.key << ": " << set.error().text;
    EXPECT_EQ(value_text(config, &site, setting), text) << setting.key;
  }
}

TEST(SettingsTable, ReadsBackTheExamplesItShows) {
  for (const Setting& setting : settings()) {
    for (const std::string_view text : {setting.example, setting.shipped}) {
      if (text.empty()) continue;
      Config config;
      Site site;
      const Result<void> set = set_value(config, &site, setting, text);
      ASSERT_TRUE(set.has_value()) << setting.key << ": " << set.error().text;
    }
  }
}

TEST(SettingsTable, LeavesTheValueAloneWhenItCannotReadTheNewOne) {
  Config config;
  EXPECT_FALSE(set_value(config, nullptr, *find_setting("wan.port"), "x").has_value());
  EXPECT_FALSE(set_value(config, nullptr, *find_setting("trusted.proxies"), "10.0.0.1 10.0.0.0/33").has_value());
  EXPECT_EQ(config.wan_port, 2408);
  EXPECT_TRUE(config.trusted_proxies.empty());
}

}  // namespace
}  // namespace railgun::config
