#include "railgunctl/probe/diagnosis.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

using std::chrono::milliseconds;

Sample sample(const std::string& hash, const char* header = nullptr, Duration body = milliseconds(1)) {
  Sample made{.body_hash = hash};
  made.answer.reach = Reach::kOpen;
  made.answer.status = 200;
  made.answer.reason = "OK";
  made.answer.body = "page";
  made.answer.phases.body = body;
  if (header != nullptr) made.passage = proxy::parse_cf_railgun(header).value();
  return made;
}

constexpr const char* kDelta = "151df128a1 2.05 0.009465 0031 5360";
constexpr const char* kStream = "151df128a1 stream 0.009465 0001 5360";

Diagnosis diagnosis() {
  return {.url = "http://www.example.com/",
          .host = "www.example.com",
          .sender = {"127.0.0.1", 8080},
          .through = {sample("aa", kStream), sample("aa", kDelta)},
          .origin = "http://192.0.2.9:80",
          .direct = {sample("aa"), sample("aa")}};
}

TEST(Diagnosis, SamePagesAndADelta) {
  const Diagnosis made = diagnosis();
  EXPECT_EQ(compare(made), Sameness::kSame);
  EXPECT_EQ(judge(made).exit_code, ExitCode::kOk);
  EXPECT_EQ(judge(made).text, "The page was sent as a delta: 2.05 % of its size crossed the link.");
  const std::string text = diagnosis_text(made, judge(made));
  for (const char* part : {"pair, warm-up", "pair, measured", "unchanged", "delta 2.05 %", "9.5 ms",
                           "identical to the origin", "Cf-Railgun: 151df128a1 2.05 0.009465 0031 5360"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST(Diagnosis, ADeltaIsToldFromACompressedPageByItsFlags) {
  Diagnosis made = diagnosis();
  made.through.back().passage->flags = 0x11;
  EXPECT_EQ(judge(made).text, "The page was sent whole, compressed to 2.05 % of its size.");
  made.through.back().passage->flags = 0x31;
  made.through.back().passage->ratio_hundredths = 0;
  EXPECT_EQ(judge(made).text, "The page was sent as a delta: under 0.01 % of its size crossed the link.");
}

TEST(Diagnosis, APageThatMovesByItselfProvesNothing) {
  Diagnosis made = diagnosis();
  made.through[1].body_hash = "bb";
  made.direct[1].body_hash = "cc";
  EXPECT_EQ(compare(made), Sameness::kMoving);
  EXPECT_EQ(judge(made).exit_code, ExitCode::kOk);
  // It may also have moved between the two.
  made.direct[1].body_hash = "bb";
  EXPECT_EQ(compare(made), Sameness::kSame);
}

TEST(Diagnosis, OtherBytesThanASteadyOriginsAreAFault) {
  Diagnosis made = diagnosis();
  made.through[1].body_hash = "bb";
  EXPECT_EQ(compare(made), Sameness::kDifferent);
  EXPECT_EQ(judge(made).exit_code, ExitCode::kFailed);
  made = diagnosis();
  made.through[1].answer.status = 404;
  EXPECT_EQ(compare(made), Sameness::kDifferent);
  made.direct.resize(1);
  EXPECT_EQ(compare(made), Sameness::kUnknown);
  made.direct.clear();
  EXPECT_EQ(compare(made), Sameness::kUnknown);
}

TEST(Diagnosis, TellsHowItDidNotWork) {
  Diagnosis made = diagnosis();
  made.through = {
      Sample{.answer = {.reach = Reach::kRefused, .error = Error{Errc::kUnavailable, "connection refused"}}}};
  EXPECT_EQ(judge(made).exit_code, ExitCode::kUnreachable);
  EXPECT_EQ(measured(made), nullptr);
  EXPECT_NE(diagnosis_text(made, judge(made)).find("failed      pair, warm-up: connection refused"), std::string::npos);
  made = diagnosis();
  made.through.back().answer.status = 527;
  EXPECT_EQ(judge(made).exit_code, ExitCode::kFailed);
  made = diagnosis();
  made.through.back().passage = proxy::parse_cf_railgun("direct (no listener)").value();
  EXPECT_EQ(judge(made).exit_code, ExitCode::kFailed);
  EXPECT_NE(judge(made).text.find("no listener"), std::string::npos);
  made.through.back().passage.reset();
  EXPECT_EQ(judge(made).exit_code, ExitCode::kFailed);
  made.header_name = "";
  EXPECT_EQ(judge(made).exit_code, ExitCode::kOk);
}

TEST(Diagnosis, TheMedianStandsForThoseMeasured) {
  Diagnosis made = diagnosis();
  made.through = {sample("aa", kStream, milliseconds(900)), sample("aa", kDelta, milliseconds(30)),
                  sample("aa", kDelta, milliseconds(10)), sample("aa", kDelta, milliseconds(20))};
  ASSERT_NE(measured(made), nullptr);
  EXPECT_EQ(measured(made)->answer.phases.body, milliseconds(20));
  made.through.resize(1);
  EXPECT_EQ(measured(made), nullptr);
}

TEST(Diagnosis, JsonHasTheOriginalsFields) {
  Diagnosis made = diagnosis();
  made.through[1].answer.fields = {{"CF-Cache-Status", "MISS"}};
  made.through[1].answer.ends_by_close = true;
  const std::string json = diagnosis_json(made, judge(made));
  for (const char* part :
       {"\"method\": \"GET\"", "\"host_name\": \"www.example.com\"", "\"http_status\": 200", "\"railgun\": \"enabled\"",
        "\"response_status\": \"200 OK\"", "\"protocol\": \"HTTP/1.1\"", "\"elapsed_time\": \"0.001000s\"",
        "\"body_size\": \"4 bytes\"", "\"body_hash\": \"aa\"",
        "\"missing_headers\": \"No Content-Length or Transfer-Encoding\"", "\"connection_close\": true",
        "\"cloudflare\": \"off\"", "\"cf-ray\": null", "\"cf-wan-error\": null", "\"cf-cache-status\": \"MISS\"",
        "\"sameness\": \"same\"", "\"ratio_percent\": 2.05"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " is missing in\n" << json;
  }
}

}  // namespace
}  // namespace railgun::ctl
