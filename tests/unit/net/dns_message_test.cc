#include "railgund/net/dns_message.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

Bytes from_text(std::string_view text) { return to_bytes(as_bytes(text)); }
using namespace std::string_view_literals;

// "big.test": the question, an alias to "a.test", an address of each kind, an entry of another kind.
const Bytes kAnswer = from_text(
    "\x00\x01\x81\x80\x00\x01\x00\x04\x00\x00\x00\x00"
    "\x03"
    "big\x04test\x00\x00\x01\x00\x01"
    "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x08\x01"
    "a\x04test\x00"
    "\xc0\x26\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
    "\xc0\x26\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09"
    "\xc0\x26\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x02\x01x"sv);

TEST(DnsMessage, AsksForOneTypeOfAName) {
  Bytes question;
  ASSERT_TRUE(encode_dns_question(7, "big.test", DnsType::kIpv6, question));
  EXPECT_EQ(question, from_text("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03"
                                "big\x04test\x00\x00\x1c\x00\x01"sv));
  Bytes same;
  ASSERT_TRUE(encode_dns_question(7, "big.test.", DnsType::kIpv6, same));
  EXPECT_EQ(same, question);
}

TEST(DnsMessage, AsksForHostNamesOnly) {
  Bytes question;
  const std::string label(63, 'a');
  EXPECT_TRUE(encode_dns_question(1, label + ".x", DnsType::kIpv4, question));
  question.clear();
  const std::string names[] = {"", ".", "a..b", ".a", label + "a.x", label + "." + label + "." + label + "." + label};
  for (const std::string& name : names) {
    EXPECT_EQ(encode_dns_question(1, name, DnsType::kIpv4, question).error().code, Errc::kInvalid) << name;
    EXPECT_TRUE(question.empty());
  }
}

TEST(DnsMessage, TakesTheAddressesThatAliasesLeadTo) {
  const auto answer = decode_dns_answer(kAnswer);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->id, 1U);
  ASSERT_EQ(answer->addresses.size(), 2U);
  EXPECT_EQ(answer->addresses[0].host(), "192.0.2.1");
  EXPECT_EQ(answer->addresses[1].host(), "2001:db8::9");
}

TEST(DnsMessage, CutShortAnywhereIsMalformed) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) {
    const auto answer = decode_dns_answer(ByteView(kAnswer).first(size));
    ASSERT_FALSE(answer) << size;
    EXPECT_EQ(answer.error().code, Errc::kMalformed) << size;
  }
}

TEST(DnsMessage, SaysWhyThereIsNoAddress) {
  const auto code_of = [](std::uint8_t flags) {
    const Bytes message{0, 1, 0x81, flags, 0, 0, 0, 0, 0, 0, 0, 0};
    const auto answer = decode_dns_answer(message);
    return answer ? Errc::kMalformed : answer.error().code;
  };
  EXPECT_EQ(code_of(0x83), Errc::kNotFound);
  EXPECT_EQ(code_of(0x82), Errc::kUnavailable);
  EXPECT_EQ(code_of(0x85), Errc::kUnavailable);
  const Bytes question{0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(decode_dns_answer(question).error().code, Errc::kMalformed);
}

TEST(DnsMessage, TakesNoMoreThanItsLimitOfAddresses) {
  Bytes message{0, 1, 0x81, 0x80, 0, 0, 0, 100, 0, 0, 0, 0};
  for (std::uint8_t i = 0; i < 100; ++i) {
    append(message, Bytes{0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, i});
  }
  const auto answer = decode_dns_answer(message);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->addresses.size(), kMaxDnsAddresses);
}

}  // namespace
}  // namespace railgun::net
