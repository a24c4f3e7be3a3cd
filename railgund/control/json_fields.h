// How values become JSON objects and back: a value names its fields once, in
//   void fields(auto& visit, T& value) { visit("peer", value.peer); … }
// and Writer and Reader go through them. Included by .cc files only, for its weight.
//
// Reading bears with what a newer or older peer sends: unknown fields are passed over, missing ones keep their value. A
// field of the wrong type, a number out of range or a list over its limit makes the whole read fail.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "railgund/base/result.h"

namespace railgun::control {

inline constexpr std::size_t kMaxListItems = 10'000;
inline constexpr int kMaxDepth = 16;

// Says whether brackets nest no deeper than kMaxDepth, so that no parser or destructor has to recurse on hostile text.
inline bool is_shallow(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

// Errors: kMalformed.
inline Result<nlohmann::json> parse_object(std::string_view text) {
  if (!is_shallow(text)) return fail(Errc::kMalformed, "JSON nested too deep");
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(Errc::kMalformed, "not a JSON object");
  return json;
}

// One line of ASCII and UTF-8; bytes that are no UTF-8 become U+FFFD.
inline std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// An enum is written as a word. `words_of(E)` gives its words, as std::array<Word<E>, N>, in E's namespace.
template <typename E>
struct Word {
  E value;
  const char* text;
};
template <typename E>
const char* word_of(E value) {
  static constexpr auto words = words_of(E{});
  for (const Word<E>& word : words) {
    if (word.value == value) return word.text;
  }
  return "";
}

class Writer {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json_[name] = to_value(value);
  }
  nlohmann::json take() { return std::move(json_); }

 private:
  template <typename T>
  static nlohmann::json to_value(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_enum_v<T>) {
      return word_of(value);
    } else if constexpr (requires { value.begin(); }) {
      nlohmann::json list = nlohmann::json::array();
      for (const auto& item : value) list.push_back(to_value(item));
      return list;
    } else {
      Writer inner;
      fields(inner, const_cast<T&>(value));  // `fields` serves both ways; a Writer only reads
      return inner.take();
    }
  }

  nlohmann::json json_ = nlohmann::json::object();
};

class Reader {
 public:
  explicit Reader(const nlohmann::json& json) : json_(json) {}

  template <typename T>
  void operator()(const char* name, T& value) {
    const auto found = json_.find(name);
    if (found == json_.end()) return;
    if (!from_value(*found, value)) bad_field_ = bad_field_ ? bad_field_ : name;
  }
  // The first field that was wrong, or null.
  const char* bad_field() const { return bad_field_; }

 private:
  static bool from_value(const nlohmann::json& json, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  }
  static bool from_value(const nlohmann::json& json, double& value) {
    if (!json.is_number()) return false;
    value = json.get<double>();
    return true;
  }
  static bool from_value(const nlohmann::json& json, std::string& value) {
    if (!json.is_string()) return false;
    value = json.get_ref<const std::string&>();
    return true;
  }
  // A word that this version does not know leaves the value as it is.
  template <typename T>
    requires std::is_enum_v<T>
  static bool from_value(const nlohmann::json& json, T& value) {
    if (!json.is_string()) return false;
    for (const auto& word : words_of(T{})) {
      if (json == word.text) value = word.value;
    }
    return true;
  }
  template <std::integral T>
  static bool from_value(const nlohmann::json& json, T& value) {
    if (json.is_number_unsigned()) {
      const auto number = json.get<std::uint64_t>();
      if (!std::in_range<T>(number)) return false;
      value = static_cast<T>(number);
      return true;
    }
    if (!json.is_number_integer()) return false;
    const auto number = json.get<std::int64_t>();
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  }
  template <typename T>
  static bool from_value(const nlohmann::json& json, std::vector<T>& value) {
    if (!json.is_array() || json.size() > kMaxListItems) return false;
    value.assign(json.size(), T{});
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (!from_value(json[i], value[i])) return false;
    }
    return true;
  }
  template <typename T>
    requires std::is_class_v<T>
  static bool from_value(const nlohmann::json& json, T& value) {
    if (!json.is_object()) return false;
    Reader inner(json);
    fields(inner, value);
    return inner.bad_field() == nullptr;
  }

  const nlohmann::json& json_;
  const char* bad_field_ = nullptr;
};

template <typename T>
std::string write_json(const T& value) {
  Writer writer;
  fields(writer, const_cast<T&>(value));
  return dump(writer.take());
}

// Fills `value` from `json`. Errors: kMalformed, naming the field after `what` ("argument ").
template <typename T>
Result<void> read_fields(const nlohmann::json& json, T& value, const char* what) {
  Reader reader(json);
  fields(reader, value);
  if (reader.bad_field() == nullptr) return {};
  return fail(Errc::kMalformed, std::string(what) + '\'' + reader.bad_field() + "' has a wrong type or range");
}

template <typename T>
Result<T> read_json(std::string_view text) {
  const auto json = parse_object(text);
  if (!json) return std::unexpected(json.error());
  T value{};
  if (auto read = read_fields(*json, value, "JSON field "); !read) return std::unexpected(read.error());
  return value;
}

// A line that names the version of its protocol. Errors, after `what` ("activation: "): kTooLarge over `most` bytes,
// kMalformed, kUnsupported for another version than `version`.
inline Result<nlohmann::json> parse_versioned(std::string_view line, std::size_t most, int version, const char* what) {
  const std::string who = what;
  if (line.size() > most) return fail(Errc::kTooLarge, who + "longer than " + std::to_string(most) + " bytes");
  auto json = parse_object(line);
  if (!json) return fail(json.error().code, who + json.error().text);
  const auto found = json->find("version");
  if (found == json->end() || !found->is_number_integer()) return fail(Errc::kMalformed, who + "'version' is missing");
  if (*found != version) return fail(Errc::kUnsupported, who + "this end speaks version " + std::to_string(version));
  return json;
}

}  // namespace railgun::control
