#include "railgund/tls/token.h"

#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

Token example() {
  Token token;
  token.activation = {"edge.example.com", 2409};
  for (std::size_t i = 0; i < token.fingerprint.size(); ++i) token.fingerprint[i] = static_cast<std::uint8_t>(i * 7);
  token.secret = Bytes(16, 0xa5);
  return token;
}

std::string text_of(const Token& token) {
  const Result<std::string> text = encode_token(token);
  EXPECT_TRUE(text);
  return text.value_or("");
}

TEST(Token, ComesBackAsItWas) {
  for (const char* const host : {"edge.example.com", "192.0.2.1", "2001:db8::1", "e"}) {
    for (const std::size_t size : {16u, 17u, 32u, 64u}) {
      Token token = example();
      token.activation.host = host;
      token.secret.resize(size, 1);
      const Result<Token> back = decode_token(text_of(token));
      ASSERT_TRUE(back) << back.error().text;
      EXPECT_EQ(*back, token);
    }
  }
}

TEST(Token, IsOneWordThatShellsAndSettingsLeaveAlone) {
  const std::string text = text_of(example());
  EXPECT_TRUE(text.starts_with("railgun1"));
  EXPECT_LT(text.size(), 130u);
  EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; }));
}

TEST(Token, ForgivesLineBreaksAndCapitals) {
  std::string text = text_of(example());
  text.insert(40, "\r\n  ");
  text = " " + text + "\n";
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const Result<Token> back = decode_token(text);
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, example());
}

TEST(Token, CutAnywhereIsRefused) {
  const std::string text = text_of(example());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const Result<Token> back = decode_token(text.substr(0, size));
    ASSERT_FALSE(back) << size;
    EXPECT_EQ(back.error().code, size <= 7 ? Errc::kInvalid : Errc::kMalformed) << size;
  }
}

TEST(Token, AnyMistypedLetterIsRefused) {
  const std::string text = text_of(example());
  for (std::size_t i = 8; i < text.size(); ++i) {
    for (const char wrong : {'a', 'z', '7', '0', '-'}) {
      if (text[i] == wrong) continue;
      std::string mistyped = text;
      mistyped[i] = wrong;
      EXPECT_FALSE(decode_token(mistyped)) << i << wrong;
    }
  }
}

TEST(Token, ErrorsSayWhatToDoAndKeepTheSecret) {
  EXPECT_EQ(decode_token("").error().text, "no token was given");
  EXPECT_EQ(decode_token("0123456789abcdef0123456789abcdef").error().code, Errc::kInvalid);
  EXPECT_EQ(decode_token("railgun2abcdef").error().code, Errc::kUnsupported);
  EXPECT_EQ(decode_token("railgun1").error().code, Errc::kMalformed);
  const std::string text = text_of(example()) + "a";
  EXPECT_EQ(decode_token(text).error().text.find(text.substr(8, 8)), std::string::npos);
  EXPECT_FALSE(decode_token(std::string(100000, ' ') + text));
}

TEST(Token, OutOfBoundsIsNotEncoded) {
  for (const std::size_t size : {0u, 15u, 65u}) {
    Token token = example();
    token.secret.resize(size);
    EXPECT_FALSE(encode_token(token)) << size;
  }
  Token token = example();
  token.activation.host = "";
  EXPECT_FALSE(encode_token(token));
  token.activation.host = "two words";
  EXPECT_FALSE(encode_token(token));
  token.activation.host = std::string(254, 'a');
  EXPECT_FALSE(encode_token(token));
  token.activation = {"host", 0};
  EXPECT_FALSE(encode_token(token));
}

TEST(EqualSecrets, ComparesAll) {
  EXPECT_TRUE(equal_secrets(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_secrets(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_secrets(as_bytes("abc"), as_bytes("xbc")));
  EXPECT_FALSE(equal_secrets(as_bytes("abc"), as_bytes("abcd")));
  EXPECT_TRUE(equal_secrets({}, {}));
}

}  // namespace
}  // namespace railgun::tls
