#include "railgund/control/message.h"

#include <gtest/gtest.h>

namespace railgun::control {
namespace {

TEST(Request, IsOneLineOfJson) {
  EXPECT_EQ(format_request({Command::kStatus, {}}), R"({"arguments":{},"command":"status","version":1})");
  EXPECT_EQ(format_request({Command::kLogLevel, {.level = 5}}),
            R"({"arguments":{"level":5},"command":"log-level","version":1})");
}

TEST(Request, IsReadBackAsItWasWritten) {
  const Request create{
      Command::kRailgunCreate,
      {.name = "paris", .hosts = {"www.example.com", "*.example.org"}, .uses = 3, .expires_seconds = 3600}};
  EXPECT_EQ(parse_request(format_request(create)).value(), create);
  const Request purge{Command::kPurge, {.url = "http://www.example.com/\"x\\ü"}};
  EXPECT_EQ(parse_request(format_request(purge)).value(), purge);
}

TEST(Request, MayLeaveOutWhatHasADefault) {
  const auto read =
      parse_request(R"({"version":1,"command":"railgun-create","arguments":{"name":"a","hosts":["b"]}})").value();
  EXPECT_EQ(read.arguments.uses, 1U);
  EXPECT_EQ(read.arguments.expires_seconds, 86400U);
  EXPECT_EQ(parse_request(R"({"version":1,"command":"status"})").value(), (Request{Command::kStatus, {}}));
}

TEST(Request, SaysWhichKindOfWrongItIs) {
  struct Case {
    const char* line;
    Errc code;
  };
  for (const auto& [line, code] : {
           Case{"", Errc::kMalformed},
           Case{"null", Errc::kMalformed},
           Case{"[]", Errc::kMalformed},
           Case{"{\"version\":1,\"command\":\"status\"", Errc::kMalformed},
           Case{R"({"command":"status"})", Errc::kMalformed},
           Case{R"({"version":"1","command":"status"})", Errc::kMalformed},
           Case{R"({"version":1.5,"command":"status"})", Errc::kMalformed},
           Case{R"({"version":1})", Errc::kMalformed},
           Case{R"({"version":1,"command":7})", Errc::kMalformed},
           Case{R"({"version":1,"command":"status","arguments":[]})", Errc::kMalformed},
           Case{R"({"version":1,"command":"status","arguments":{"level":1}})", Errc::kMalformed},
           Case{R"({"version":1,"command":"status","arguments":{"shell":"x"}})", Errc::kMalformed},
           Case{R"({"version":1,"command":"log-level"})", Errc::kMalformed},
           Case{R"({"version":1,"command":"log-level","arguments":{"level":"5"}})", Errc::kMalformed},
           Case{R"({"version":1,"command":"log-level","arguments":{"level":99999999999}})", Errc::kMalformed},
           Case{R"({"version":1,"command":"log-level","arguments":{"level":1e999}})", Errc::kMalformed},
           Case{R"({"version":2,"command":"status"})", Errc::kUnsupported},
           Case{R"({"version":1,"command":"reboot"})", Errc::kUnsupported},
           Case{R"({"version":1,"command":"log-level","arguments":{"level":6}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"log-level","arguments":{"level":-1}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"purge","arguments":{"all":true,"url":"http://a/"}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"purge","arguments":{}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"purge","arguments":{"site":"a"}})", Errc::kMalformed},
           Case{R"({"version":1,"command":"activate","arguments":{"token":"a\nb"}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"railgun-show","arguments":{"name":"../a"}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"railgun-create","arguments":{"name":"a","hosts":[]}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"railgun-create","arguments":{"name":"a","hosts":["a b"]}})", Errc::kInvalid},
           Case{R"({"version":1,"command":"railgun-create","arguments":{"name":"a","hosts":["b"],"uses":0}})",
                Errc::kInvalid},
       }) {
    const auto read = parse_request(line);
    ASSERT_FALSE(read.has_value()) << line;
    EXPECT_EQ(read.error().code, code) << line << ": " << read.error().text;
  }
}

TEST(Request, OverItsLimitOrTooDeepIsRefusedUnread) {
  EXPECT_EQ(parse_request(std::string(kMaxRequestBytes + 1, ' ')).error().code, Errc::kTooLarge);
  EXPECT_EQ(parse_request(std::string(kMaxRequestBytes, '[')).error().code, Errc::kMalformed);
  EXPECT_EQ(parse_request(std::string(kMaxRequestBytes, '{')).error().code, Errc::kMalformed);
}

TEST(Request, CutAtAnyByteIsRefused) {
  const std::string line = format_request({Command::kRailgunShow, {.name = "paris"}});
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_request(std::string_view(line).substr(0, length)).has_value()) << length;
  }
}

TEST(Command, ThatChangesAnythingNeedsTheRightToChange) {
  EXPECT_EQ(access_of(Command::kStatus), Access::kRead);
  EXPECT_EQ(access_of(Command::kStats), Access::kRead);
  EXPECT_EQ(access_of(Command::kConfig), Access::kRead);
  EXPECT_EQ(access_of(Command::kRailgunList), Access::kRead);
  EXPECT_EQ(access_of(Command::kRailgunShow), Access::kRead);
  for (const Command command :
       {Command::kReload, Command::kLogLevel, Command::kDrain, Command::kPurge, Command::kActivate,
        Command::kRailgunCreate, Command::kRailgunEnable, Command::kRailgunDisable, Command::kRailgunDelete}) {
    EXPECT_EQ(access_of(command), Access::kChange) << name_of(command);
  }
  EXPECT_EQ(access_of(Command::kCrash), Access::kRoot);
  EXPECT_GT(Access::kRoot, Access::kChange);
  EXPECT_GT(Access::kChange, Access::kRead);
}

TEST(Answer, CarriesTheResult) {
  EXPECT_EQ(format_answer(R"({"a":1})"), R"({"ok":true,"version":1,"result":{"a":1}})");
  EXPECT_EQ(parse_answer(R"({"ok":true,"version":1,"result":{"a":1}})").value(), R"({"a":1})");
  EXPECT_EQ(parse_answer(format_answer("")).value(), "{}");
}

TEST(Answer, CarriesTheErrorWithItsCode) {
  const auto read = parse_answer(format_error({Errc::kDenied, "not \"you\"\n\xff"}));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Errc::kDenied);
  EXPECT_EQ(read.error().text, "not \"you\"\n\xEF\xBF\xBD");
}

TEST(Answer, ThatIsNoneIsAnError) {
  for (const char* line : {"", "{}", "[]", R"({"ok":1})", R"({"ok":true})", R"({"ok":true,"result":1})",
                           R"({"ok":false})", R"({"ok":false,"error":"x"})", R"({"ok":false,"error":{"code":1}})"}) {
    const auto read = parse_answer(line);
    ASSERT_FALSE(read.has_value()) << line;
    EXPECT_EQ(read.error().code, Errc::kMalformed) << line;
  }
}

}  // namespace
}  // namespace railgun::control
