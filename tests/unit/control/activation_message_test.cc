#include "railgund/control/activation_message.h"

#include <gtest/gtest.h>

#include "railgund/control/message.h"

namespace railgun::control {
namespace {

const ActivationRequest kRequest{
    .secret = "00ff", .request = "-----BEGIN\n", .host = "[2001:db8::1]:2408", .port = 2408};

TEST(ActivationRequest, IsReadBackAsItWasWritten) {
  EXPECT_EQ(parse_activation_request(format_activation_request(kRequest)).value(), kRequest);
  const ActivationRequest renewal{.certificate = "c", .request = "r"};
  EXPECT_EQ(parse_activation_request(format_activation_request(renewal)).value(), renewal);
  const ActivationRequest farewell{.certificate = "c", .request = "r", .time = 1'700'000'000, .deactivate = true};
  EXPECT_EQ(parse_activation_request(format_activation_request(farewell)).value(), farewell);
}

TEST(ActivationRequest, CutAtAnyByteIsRefused) {
  const std::string line = format_activation_request(kRequest);
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_activation_request(std::string_view(line).substr(0, length)).has_value()) << length;
  }
}

TEST(ActivationRequest, IsRefusedIfItSaysTooMuchOrTooLittle) {
  for (const char* line :
       {"", "[]", "{}", R"({"version":1})", R"({"version":1,"request":"r"})", R"({"version":1,"secret":"00"})",
        R"({"version":1,"request":"r","secret":"00","certificate":"c"})",
        R"({"version":1,"request":"r","secret":"xy"})", R"({"version":1,"request":"r","secret":"00","host":"a b"})",
        R"({"version":1,"request":"r","secret":"00","port":65536})", R"({"version":1,"request":7,"secret":"00"})",
        R"({"version":1,"request":"r","secret":"00","deactivate":true})",
        R"({"version":1,"request":"r","secret":"00","time":"now"})",
        R"({"version":"1","request":"r","secret":"00"})"}) {
    EXPECT_EQ(parse_activation_request(line).error().code, Errc::kMalformed) << line;
  }
  EXPECT_EQ(parse_activation_request(R"({"version":2,"request":"r","secret":"00"})").error().code, Errc::kUnsupported);
  EXPECT_EQ(parse_activation_request(std::string(kMaxActivationBytes + 1, ' ')).error().code, Errc::kTooLarge);
}

TEST(ActivationAnswer, CarriesCertificatesOrAnError) {
  const ActivationAnswer answer{.name = "paris", .certificate = "c", .authority = "a", .hosts = {"www.example.com"}};
  EXPECT_EQ(parse_activation_answer(format_activation_answer(answer)).value(), answer);
  EXPECT_EQ(parse_activation_answer(format_error({Errc::kDenied, "used up"})).error().text, "used up");
  const ActivationAnswer farewell{.name = "paris", .time = 7, .deactivated = true};
  EXPECT_EQ(parse_activation_answer(format_activation_answer(farewell)).value(), farewell);
  EXPECT_EQ(parse_activation_answer(format_answer("{}")).error().code, Errc::kMalformed);
}

}  // namespace
}  // namespace railgun::control
