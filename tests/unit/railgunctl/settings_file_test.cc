#include "railgunctl/settings_file.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

TEST(SettingsFile, ReadsKeysAndValuesOfAnyText) {
  const Settings settings = parse_settings("# a = b\n\n role=sender \r\n junk\nmap.file = /a=b\nrole = listener");
  EXPECT_EQ(settings, (Settings{{"role", "sender"}, {"map.file", "/a=b"}, {"role", "listener"}}));
  EXPECT_EQ(*find_setting(settings, "role"), "sender");
  EXPECT_EQ(find_setting(settings, "junk"), nullptr);
}

TEST(SettingsFile, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read_settings("/nowhere/at/all").error().code, Errc::kNotFound);
  EXPECT_EQ(read_settings("/").error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace railgun::ctl
