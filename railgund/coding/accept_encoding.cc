#include "railgund/coding/accept_encoding.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::coding {
namespace {

// A q value as 0 to 1000 (RFC 9110 12.4.2: at most three digits).
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int worth = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!http::is_digit(c)) return std::nullopt;
    weight += (c - '0') * worth;
    worth /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

struct Wish {
  std::string_view name;
  int weight = 1000;
};

std::optional<Wish> parse_wish(std::string_view element) {
  const std::size_t semicolon = element.find(';');
  Wish wish{.name = http::trim_blanks(element.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return wish;
  const std::string_view parameter = http::trim_blanks(element.substr(semicolon + 1));
  if (parameter.size() < 2 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=') return std::nullopt;
  const auto weight = parse_weight(parameter.substr(2));
  if (!weight) return std::nullopt;
  wish.weight = *weight;
  return wish;
}

struct Named {
  std::array<std::optional<int>, kCodings.size()> weights;
  std::optional<int> others;  // "*"

  void add(const Wish& wish) {
    if (wish.name == "*") {
      others = wish.weight;
    } else if (const auto coding = coding_of(wish.name)) {
      weights[static_cast<std::size_t>(*coding)] = wish.weight;
    }
  }
};

// "*" stands for codings that a client decodes by itself. dcz needs a dictionary, which it names with the coding.
bool covered(Coding coding) { return coding != Coding::kDcz; }

// What is not named is acceptable as far as "*" says. Identity is acceptable unless it is refused, but ranks behind
// what is named.
Wishes wishes_of(const Named& named) {
  constexpr int kBehindTheNamed = 1;
  Wishes wishes;
  bool names_coding = false;
  for (const Coding coding : kCodings) {
    const auto place = static_cast<std::size_t>(coding);
    if (coding == Coding::kIdentity) continue;
    wishes.weights[place] = named.weights[place].value_or(covered(coding) ? named.others.value_or(0) : 0);
    names_coding = names_coding || wishes.weights[place] > 0;
  }
  const auto identity = named.weights[static_cast<std::size_t>(Coding::kIdentity)];
  wishes.weights[0] = identity ? *identity : named.others ? *named.others : names_coding ? kBehindTheNamed : 1000;
  return wishes;
}

}  // namespace

Wishes read_accept_encoding(const Fields& fields) {
  Named named;
  std::size_t count = 0;
  for (const Field& field : fields) {
    if (!same_name(field.name, "accept-encoding")) continue;
    std::string_view rest = field.value;
    while (!rest.empty() && count < kMostWishes) {
      const std::size_t comma = rest.find(',');
      const std::string_view element = http::trim_blanks(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      ++count;
      if (const auto wish = parse_wish(element)) named.add(*wish);
    }
  }
  return wishes_of(named);
}

Coding choose(const Wishes& wishes, std::span<const Coding> preference) {
  Coding best = Coding::kIdentity;
  int weight = 0;
  for (const Coding coding : preference) {
    if (coding == Coding::kIdentity || wishes.of(coding) <= weight) continue;
    best = coding;
    weight = wishes.of(coding);
  }
  return weight >= wishes.of(Coding::kIdentity) ? best : Coding::kIdentity;
}

}  // namespace railgun::coding
