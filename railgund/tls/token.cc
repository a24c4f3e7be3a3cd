#include "railgund/tls/token.h"

#include <algorithm>
#include <optional>

#include <openssl/crypto.h>

#include "railgund/base/hash.h"

namespace railgun::tls {
namespace {

constexpr std::string_view kPrefix = "railgun";
constexpr char kVersion = '1';
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kHostLimit = 253;  // of a DNS name
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kTextLimit = 1024;

std::uint32_t check_of(ByteView payload) { return static_cast<std::uint32_t>(hash64(payload)); }

std::string to_base32(ByteView bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= 5; held -= 5) text += kAlphabet[(bits >> (held - 5)) & 31];
  }
  if (held > 0) text += kAlphabet[(bits << (5 - held)) & 31];
  return text;
}

// Null for other characters, for lengths that no whole number of bytes gives, and for bits left over that are not zero:
// every payload has one text.
std::optional<Bytes> from_base32(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 5) | static_cast<std::uint32_t>(value);
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  const bool is_whole = held < 5 && (bits & ((1u << held) - 1)) == 0;
  return is_whole ? std::optional(std::move(bytes)) : std::nullopt;
}

std::unexpected<Error> damaged() {
  return fail(Errc::kMalformed, "the token is incomplete or mistyped: copy it again, the whole of it");
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kHostLimit && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':';
  });
}

}  // namespace

Result<std::string> encode_token(const Token& token) {
  if (!is_host(token.activation.host) || token.activation.port == 0) {
    return fail(Errc::kInvalid, "a token needs the activation endpoint's host and port");
  }
  if (token.secret.size() < Token::kSecretLeast || token.secret.size() > Token::kSecretMost) {
    return fail(Errc::kInvalid, "a token's secret has 16 to 64 bytes");
  }
  Bytes payload;
  ByteWriter out(payload);
  out.u16(token.activation.port);
  out.bytes(token.fingerprint);
  out.u8(static_cast<std::uint8_t>(token.secret.size()));
  out.bytes(token.secret);
  out.bytes(as_bytes(token.activation.host));
  out.u32(check_of(payload));
  return std::string(kPrefix) + kVersion + to_base32(payload);
}

Result<Token> decode_token(std::string_view text) {
  std::string word;
  for (const char c : text.substr(0, kTextLimit)) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (word.empty()) return fail(Errc::kInvalid, "no token was given");
  if (!word.starts_with(kPrefix) || word.size() == kPrefix.size()) {
    return fail(Errc::kInvalid, "this is not a railgun token: it starts with 'railgun1'");
  }
  if (word[kPrefix.size()] != kVersion) {
    return fail(Errc::kUnsupported, "the token is of a version this program does not know: update it");
  }
  if (text.size() > kTextLimit) return damaged();
  const std::optional<Bytes> payload = from_base32(std::string_view(word).substr(kPrefix.size() + 1));
  if (!payload || payload->size() < kCheckBytes) return damaged();
  const ByteView checked = ByteView(*payload).first(payload->size() - kCheckBytes);
  ByteReader check(ByteView(*payload).last(kCheckBytes));
  if (check.u32() != check_of(checked)) return damaged();

  ByteReader in(checked);
  Token token;
  token.activation.port = in.u16();
  const ByteView fingerprint = in.bytes(token.fingerprint.size());
  token.secret = to_bytes(in.bytes(in.u8()));
  token.activation.host = as_text(in.rest());
  const bool is_sound = in.ok() && token.activation.port != 0 && token.secret.size() >= Token::kSecretLeast &&
                        token.secret.size() <= Token::kSecretMost && is_host(token.activation.host);
  if (!is_sound) return damaged();
  std::ranges::copy(fingerprint, token.fingerprint.begin());
  return token;
}

bool equal_secrets(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace railgun::tls
