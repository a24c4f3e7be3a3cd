#include "railgunctl/render.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

TEST(Render, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 KB");
  EXPECT_EQ(bytes_text(999'949), "999.9 KB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(18446744073709551615U), "18.4 EB");
  EXPECT_EQ(binary_text(1023), "1023 B");
  EXPECT_EQ(binary_text(64 << 20), "64.0 MiB");
  EXPECT_EQ(binary_text((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(share_text(1, 0), "-");
  EXPECT_EQ(share_text(0, 10), "0.0 %");
  EXPECT_EQ(share_text(1, 8), "12.5 %");
  EXPECT_EQ(share_text(1, 1000), "0.10 %");
}

TEST(Render, WritesSpansInTheUnitThatFits) {
  EXPECT_EQ(span_text(0), "0 s");
  EXPECT_EQ(span_text(0.000055), "55 µs");
  EXPECT_EQ(span_text(0.0024), "2.4 ms");
  EXPECT_EQ(span_text(0.085), "85 ms");
  EXPECT_EQ(span_text(1.25), "1.2 s");
  EXPECT_EQ(span_text(90), "90 s");
  EXPECT_EQ(span_text(3600), "1 h 0 min");
  EXPECT_EQ(span_text(3 * 3600 + 12 * 60), "3 h 12 min");
  EXPECT_EQ(span_text(4 * 86400 + 3 * 3600), "4 d 3 h");
  EXPECT_EQ(span_text(-1), "0 s");
  EXPECT_EQ(date_text(0), "never");
  EXPECT_EQ(date_text(1706702400), "2024-01-31 12:00 UTC");
}

TEST(Render, BreaksLongLinesBetweenWords) {
  EXPECT_EQ(labelled("TLS", "short"), "TLS         short\n");
  EXPECT_EQ(labelled("a label of 21 columns", "x"), "a label of 21 columns x\n");
  EXPECT_EQ(labelled("", std::string(40, 'a') + ' ' + std::string(27, 'b') + ' ' + std::string(70, 'c')),
            "            " + std::string(40, 'a') + ' ' + std::string(27, 'b') + "\n            " +
                std::string(70, 'c') + '\n');
  EXPECT_EQ(wrapped("-> ", "   ", "with\x1b[2J control"), "-> with[2J control\n");
}

TEST(Render, AlignsColumnsAndKeepsTerminalsSafe) {
  EXPECT_EQ(table({"NAME", "N"}, {{"a", "1"}, {"b\x1b[2Jc", "100"}}),
            "NAME     N\n"
            "a        1\n"
            "b[2Jc  100\n");
  EXPECT_EQ(table({"NAME", "N"}, {}), "NAME  N\n");
}

TEST(Render, SaysWhatIsWrongAndWhatToDo) {
  EXPECT_EQ(render_problems({}), "No problems found.\n");
  EXPECT_EQ(render_problems({{control::Severity::kError, "no link to 192.0.2.1:2408", "look at the firewall"},
                             {control::Severity::kWarning, "slow", ""}}),
            "ERROR    no link to 192.0.2.1:2408\n"
            "         -> look at the firewall\n"
            "WARNING  slow\n");
}

TEST(Render, ShowsEachOfSeveralMemcachedServers) {
  control::Status status{.role = control::Role::kListener, .version = "0.1.0"};
  status.store = {.kind = control::StoreKind::kMemcached,
                  .servers = {{.address = "10.0.0.1:11211", .hits = 9, .misses = 1}}};
  EXPECT_EQ(render(status).find("10.0.0.1:11211"), std::string::npos) << "one is in the line of the store";
  status.store.servers.push_back({.address = "10.0.0.2:11211",
                                  .state = control::StoreState::kDown,
                                  .stored = 4,
                                  .too_large = 2,
                                  .errors = 5,
                                  .refused = 700});
  const std::string text = render(status);
  EXPECT_NE(text.find("MEMCACHED"), std::string::npos) << text;
  EXPECT_NE(text.find("10.0.0.1:11211  up           10  90.0 %       0          0       0          0\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("10.0.0.2:11211  down          0       -       4          2       5        700\n"),
            std::string::npos)
      << text;
}

TEST(Render, ShowsASendersStatus) {
  control::Status status{.role = control::Role::kSender,
                         .version = "0.1.0",
                         .pid = 42,
                         .uptime_seconds = 7200,
                         .state = control::DaemonState::kRunning};
  status.traffic = {.requests = 1000,
                    .delta = 900,
                    .full = 60,
                    .stream = 35,
                    .direct = 5,
                    .page_bytes = 92'000'000,
                    .link_bytes = 920'000,
                    .client_identity_bytes = 0,
                    .client_gzip_bytes = 3'000'000,
                    .client_br_bytes = 0,
                    .client_zstd_bytes = 20'000'000,
                    .client_dcz_bytes = 1'000'000,
                    .client_page_bytes = 92'000'000};
  status.sites.push_back({.host = "www.example.com", .listeners = {"a:2408", "b:2408"}});
  const std::string text = render(status);
  EXPECT_NE(text.find("railgund 0.1.0 (sender), running for 2 h 0 min, process 42\n"), std::string::npos) << text;
  EXPECT_NE(text.find("requests    1,000: delta 90.0 %, whole 9.5 %, direct 0.50 %, errors 0.0 %\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("saved       99.0 %: 92.0 MB of pages took 920.0 KB on the link\n"), std::string::npos) << text;
  EXPECT_NE(text.find("visitors    got 1.0 MB dcz, 20.0 MB zstd, 3.0 MB gzip for 92.0 MB of pages\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("a:2408, b:2408"), std::string::npos) << text;
  EXPECT_NE(text.find("no links\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace railgun::ctl
