#include "railgund/net/proxy_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kIpv4 = "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"s;

// "ADDRESS:PORT after BYTES", "more", or "wrong".
std::string outcome(const std::string& text) {
  const auto decoded = decode_proxy_header(as_bytes(text));
  if (!decoded) return "wrong";
  if (!*decoded) return "more";
  return to_string((*decoded)->source) + " after " + std::to_string((*decoded)->bytes);
}

TEST(ProxyProtocol, Version1IsALine) {
  EXPECT_EQ(outcome("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET /"), "192.0.2.1:56324 after 45");
  EXPECT_EQ(outcome("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"), "[2001:db8::1]:56324 after 46");
  EXPECT_EQ(outcome("PROXY UNKNOWN\r\n"), "unknown after 15");
  EXPECT_EQ(outcome("PROXY UNKNOWN ffff::1 whatever 1 2\r\n"), "unknown after 36");
}

TEST(ProxyProtocol, Version1IsRejectedUnlessItIsAsWritten) {
  for (const char* const wrong :
       {"PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 x\r\n",
        "PROXY TCP4 name 198.51.100.2 1 2\r\n", "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY \r\n",
        "PROXY TCP6 fe80::1%1 fe80::2 1 2\r\n", "PROXYX", "proxy TCP4", "GET / HTTP/1.1\r\n", "\x16\x03\x01"}) {
    EXPECT_EQ(outcome(wrong), "wrong") << wrong;
  }
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "unknown after 107");
  EXPECT_EQ(outcome("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "wrong") << "108 bytes";
}

TEST(ProxyProtocol, Version2IsBinary) {
  EXPECT_EQ(outcome(kSignature + kIpv4 + "GET /"), "192.0.2.1:56324 after 28");
  const std::string ipv6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s;
  EXPECT_EQ(outcome(kSignature + "\x21\x21\x00\x24"s + ipv6 + ipv6 + "\xdc\x04\x01\xbb"s),
            "[2001:db8::1]:56324 after 52");
  EXPECT_EQ(outcome(kSignature + "\x20\x00\x00\x00"s), "unknown after 16") << "LOCAL: a health check";
  EXPECT_EQ(outcome(kSignature + "\x20\x11\x00\x0c"s + kIpv4.substr(4)), "unknown after 28") << "LOCAL with addresses";
  EXPECT_EQ(outcome(kSignature + "\x21\x31\x00\xd8"s + std::string(216, 'u')), "unknown after 232") << "a Unix socket";
  // More than the addresses, which is skipped.
  EXPECT_EQ(outcome(kSignature + "\x21\x11\x00\x10"s + kIpv4.substr(4) + "\x04\x00\x01x"s), "192.0.2.1:56324 after 32");
}

TEST(ProxyProtocol, Version2IsRejectedUnlessItIsAsWritten) {
  EXPECT_EQ(outcome(kSignature + "\x11\x11\x00\x0c"s + kIpv4.substr(4)), "wrong") << "version 1";
  EXPECT_EQ(outcome(kSignature + "\x22\x11\x00\x0c"s + kIpv4.substr(4)), "wrong") << "command 2";
  EXPECT_EQ(outcome(kSignature + "\x21\x11\x00\x0b"s + std::string(11, 'x')), "wrong") << "too short for addresses";
  EXPECT_EQ(outcome(kSignature + "\x21\x11\x0f\xf1"s), "wrong") << "4097 bytes";
}

TEST(ProxyProtocol, WaitsForTheRestAtEveryByte) {
  for (const std::string& whole : {"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"s, kSignature + kIpv4}) {
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(outcome(whole.substr(0, size)), "more") << size;
  }
}

}  // namespace
}  // namespace railgun::net
