#include "railgunctl/bundle/redact.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "railgund/base/field.h"
#include "railgund/base/text.h"

namespace railgun::ctl {
namespace {

constexpr std::string_view kRemoved = "(removed)";
constexpr std::size_t kMaxSecrets = 256, kMinSecretBytes = 6, kMaxRemoved = 1000;
// Shorter strings of letters and digits are names and numbers that support needs.
constexpr std::size_t kTokenBytes = 32;
constexpr std::array<std::string_view, 9> kSecretWords = {"token",      "secret",  "password", "passwd", "passphrase",
                                                          "credential", "api_key", "apikey",   "api-key"};
constexpr std::array<std::string_view, 3> kSecretFields = {"authorization:", "cookie:", "x-auth-"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; }
bool is_token_char(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '+' || c == '='; }
bool ends_value(char c) { return is_space(c) || c == '"' || c == '\'' || c == ',' || c == ';' || c == ')' || c == '}'; }

bool has_secret_word(std::string_view lower) {
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string_view::npos; });
}

bool names_secret(std::string_view key) { return has_secret_word(lower_ascii(key)); }

// "scheme://user:password@host" loses what is before the '@'.
std::string without_user(std::string line) {
  for (std::size_t at = line.find("://"); at != std::string::npos; at = line.find("://", at)) {
    at += 3;
    std::size_t end = at;
    while (end < line.size() && !is_space(line[end]) && line[end] != '/' && line[end] != '"') ++end;
    const std::size_t sign = line.rfind('@', end);
    if (sign != std::string::npos && sign >= at && sign < end) line.replace(at, sign - at, kRemoved);
  }
  return line;
}

// "/path?query" loses the query.
std::string without_query(std::string line) {
  for (std::size_t at = line.find('?'); at != std::string::npos; at = line.find('?', at + 1)) {
    if (at == 0 || is_space(line[at - 1])) continue;
    std::size_t end = at + 1;
    while (end < line.size() && !is_space(line[end]) && line[end] != '"' && line[end] != '\'') ++end;
    if (end > at + 1) line.replace(at + 1, end - at - 1, kRemoved);
  }
  return line;
}

// "Cookie: …" loses everything to the end of the line.
std::string without_fields(std::string line) {
  const std::string lower = lower_ascii(line);
  for (const std::string_view field : kSecretFields) {
    const std::size_t at = lower.find(field);
    if (at != std::string::npos) return line.substr(0, at + field.size()) + ' ' + std::string(kRemoved);
  }
  return line;
}

// "token XyZ123", "password: x", "secret=x": the value goes. Words in small letters after a blank stay: they are prose.
std::string without_named(std::string line) {
  for (const std::string_view word : kSecretWords) {
    for (std::size_t at = lower_ascii(line).find(word); at != std::string::npos;
         at = lower_ascii(line).find(word, at)) {
      std::size_t start = at + word.size();
      while (start < line.size() && is_word(line[start])) ++start;
      bool named = false;
      while (start < line.size() && (is_space(line[start]) || line[start] == ':' || line[start] == '=' ||
                                     line[start] == '"' || line[start] == '\'')) {
        named |= line[start] == ':' || line[start] == '=';
        ++start;
      }
      std::size_t end = start;
      while (end < line.size() && !ends_value(line[end])) ++end;
      const std::string_view value = std::string_view(line).substr(start, end - start);
      const bool prose = std::all_of(value.begin(), value.end(), [](char c) { return c >= 'a' && c <= 'z'; });
      if (!value.empty() && value != kRemoved && (named || (value.size() >= kMinSecretBytes && !prose))) {
        line.replace(start, value.size(), kRemoved);
        end = start + kRemoved.size();
      }
      at = std::max(end, at + word.size());
    }
  }
  return line;
}

// Long runs of letters and digits that are not only hex: ids and addresses are hex.
std::string without_tokens(std::string line) {
  std::string result;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && is_token_char(line[end])) ++end;
    if (end == at) {
      result += line[at++];
      continue;
    }
    const std::string_view run = std::string_view(line).substr(at, end - at);
    const bool hex = run.find_first_not_of("0123456789abcdefABCDEFx") == std::string_view::npos;
    const bool digit = run.find_first_of("0123456789") != std::string_view::npos;
    result += run.size() >= kTokenBytes && digit && !hex ? kRemoved : run;
    at = end;
  }
  return result;
}

std::string without(std::string line, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (std::size_t at = line.find(secret); at != std::string::npos; at = line.find(secret, at)) {
      line.replace(at, secret.size(), kRemoved);
      at += kRemoved.size();
    }
  }
  return line;
}

// Calls `each(line, number)` for every line, skipping private keys: for those it calls `key(number)` once.
template <typename Each, typename Key>
void for_lines(std::string_view text, Each each, Key key) {
  bool in_key = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find("PRIVATE KEY-----") != std::string_view::npos) {
      if (!in_key) key(number);
      in_key = line.find("-----END") == std::string_view::npos;
    } else if (!in_key) {
      each(line, number);
    } else if (line.find("-----") != std::string_view::npos) {
      in_key = false;  // cut short: do not swallow the rest of the file
    }
  }
}

}  // namespace

void Redactor::note(const std::string& name, std::size_t line, std::string_view what) {
  if (removed_.size() < kMaxRemoved) removed_.push_back(name + ':' + std::to_string(line) + ": " + std::string(what));
}

std::string Redactor::setting_line(std::string_view line, const std::string& name, std::size_t number) {
  std::string_view body = trim(line);
  const bool comment = body.starts_with('#');
  while (body.starts_with('#')) body = trim(body.substr(1));
  const std::size_t equals = body.find('=');
  if (equals == std::string_view::npos || !std::all_of(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(equals),
                                                       [](char c) { return is_word(c) || is_space(c); })) {
    // Prose in a comment, or a line that is no setting: without a digit it tells no secret worth the name.
    if (!has_secret_word(lower_ascii(body))) return text_line(line, name, number);
    const bool harmless = comment && body.find_first_of("0123456789") == std::string_view::npos;
    if (harmless) return text_line(line, name, number);
    note(name, number, "a line that mentions a secret");
    return std::string(comment ? "# " : "") + std::string(kRemoved);
  }
  const std::string_view key = trim(body.substr(0, equals));
  const std::string_view value = trim(body.substr(equals + 1));
  // A path to a secret is none, and support needs it.
  const bool path = lower_ascii(key).ends_with("file") && value.starts_with('/');
  if (path) return without(std::string(line), secrets_);
  if (value.empty() || !names_secret(key)) return text_line(line, name, number);
  if (value.size() >= kMinSecretBytes && secrets_.size() < kMaxSecrets) secrets_.emplace_back(value);
  note(name, number, key);
  return std::string(comment ? "# " : "") + std::string(key) + " = " + std::string(kRemoved);
}

std::string Redactor::settings(std::string_view text, const std::string& name) {
  std::string result;
  for_lines(
      text, [&](std::string_view line, std::size_t number) { result += setting_line(line, name, number) + '\n'; },
      [&](std::size_t number) {
        note(name, number, "a private key");
        result += std::string(kRemoved) + '\n';
      });
  return result;
}

std::string Redactor::text_line(std::string_view line, const std::string& name, std::size_t number) {
  std::string clean = without_fields(without(std::string(line), secrets_));
  clean = without_tokens(without_named(without_query(without_user(std::move(clean)))));
  if (clean != line) note(name, number, "something that looks secret");
  return clean;
}

std::string Redactor::text(std::string_view text, const std::string& name) {
  std::string result;
  result.reserve(text.size());
  for_lines(
      text, [&](std::string_view line, std::size_t number) { result += text_line(line, name, number) + '\n'; },
      [&](std::size_t number) {
        note(name, number, "a private key");
        result += std::string(kRemoved) + '\n';
      });
  return result;
}

std::string Redactor::certificates(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  std::string result;
  while (true) {
    const std::size_t begin = pem.find(kBegin);
    if (begin == std::string_view::npos) return result;
    const std::size_t end = pem.find(kEnd, begin);
    if (end == std::string_view::npos) return result;
    const std::string_view body = pem.substr(begin + kBegin.size(), end - begin - kBegin.size());
    // A key pasted between the two lines is not base64.
    if (body.find('-') == std::string_view::npos)
      result += std::string(pem.substr(begin, end - begin + kEnd.size())) + '\n';
    pem.remove_prefix(end + kEnd.size());
  }
}

}  // namespace railgun::ctl
