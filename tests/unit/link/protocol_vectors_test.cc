// The vectors of doc/PROTOCOL.md against the code, both ways.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/link/frame_codec.h"
#include "railgund/link/greeting.h"
#include "railgund/link/head_codec.h"

namespace railgun::link {
namespace {

// The lines of all ```vector blocks whose first word is `kind`. A line of hex alone belongs to the line before it.
std::vector<std::string> vectors(const std::string& kind) {
  std::ifstream file("doc/PROTOCOL.md");  // tests run in the top folder
  EXPECT_TRUE(file) << "doc/PROTOCOL.md is not here";
  std::vector<std::string> found;
  bool inside = false;
  bool wanted = false;  // the last vector begun is of this kind
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```vector";
    } else if (inside && line.find_first_not_of("0123456789abcdef |") == std::string::npos) {
      if (wanted) found.back() += ' ' + line;
    } else if (inside) {
      wanted = line.starts_with(kind + ' ');
      if (wanted) found.push_back(line.substr(kind.size() + 1));
    }
  }
  EXPECT_FALSE(found.empty()) << kind;
  return found;
}

Bytes bytes_of(std::string hex) {
  std::erase(hex, ' ');
  return from_hex(hex).value();
}

// "name=value" pairs of a line; what follows them is the hex.
std::map<std::string, std::string> values_of(std::istringstream& in, Bytes& hex) {
  std::map<std::string, std::string> values;
  std::string rest;
  for (std::string word; in >> word;) {
    if (const auto equals = word.find('='); equals != std::string::npos) {
      values[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      rest += word;
    }
  }
  hex = bytes_of(rest);
  return values;
}

std::uint32_t number_in(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? 0 : static_cast<std::uint32_t>(std::stoul(found->second));
}

TEST(ProtocolVectors, Varints) {
  for (const std::string& line : vectors("varint")) {
    const std::uint64_t value = std::stoull(line);
    const Bytes hex = bytes_of(line.substr(line.find(' ')));
    Bytes written;
    ByteWriter(written).varint(value);
    EXPECT_EQ(written, hex) << line;
    EXPECT_EQ(ByteReader(hex).varint(), value) << line;
  }
}

TEST(ProtocolVectors, Greetings) {
  for (const std::string& line : vectors("greeting")) {
    std::istringstream in(line);
    std::string role;
    in >> role;
    Bytes hex;
    const auto values = values_of(in, hex);
    Greeting greeting;
    greeting.role = role == "asker" ? Role::kAsker : Role::kAnswerer;
    greeting.streams = number_in(values, "streams");
    greeting.stream_window_bytes = number_in(values, "stream_window");
    greeting.link_window_bytes = number_in(values, "link_window");
    greeting.head_bytes = number_in(values, "head");
    greeting.payload = to_bytes(as_bytes(values.at("payload")));
    EXPECT_EQ(encode_greeting(greeting), hex) << line;
    const auto decoded = decode_greeting(hex);
    ASSERT_TRUE(decoded && *decoded) << line;
    EXPECT_EQ((*decoded)->greeting, greeting);
  }
}

TEST(ProtocolVectors, Frames) {
  const std::map<std::string, FrameType> types{{"HEAD", FrameType::kHead},
                                               {"DATA", FrameType::kData},
                                               {"RESET", FrameType::kReset},
                                               {"WINDOW", FrameType::kStreamWindow},
                                               {"LINK_WINDOW", FrameType::kLinkWindow},
                                               {"PING", FrameType::kPing},
                                               {"PONG", FrameType::kPong},
                                               {"GOAWAY", FrameType::kGoAway}};
  std::map<std::string, int> seen;
  for (const std::string& line : vectors("frame")) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    ++seen[name];
    FrameHeader header{.type = static_cast<std::uint8_t>(types.at(name))};
    if (line.find("END") != std::string::npos) header.flags |= kFlagEnd;
    if (line.find("TRAILER") != std::string::npos) header.flags |= kFlagTrailer;
    const auto fields_at = line.find_first_of("=");
    std::istringstream fields(line.substr(line.rfind(' ', fields_at) + 1));
    Bytes hex;
    const auto values = values_of(fields, hex);
    const Bytes payload = bytes_of(values.at("payload"));
    header.stream = number_in(values, "stream");
    header.payload_bytes = payload.size();
    std::uint32_t previous = number_in(values, "previous");
    Bytes written;
    encode_header(header, previous, written);
    append(written, payload);
    EXPECT_EQ(to_hex(written), to_hex(hex)) << line;
    previous = number_in(values, "previous");
    const auto decoded = decode_header(hex, previous);
    ASSERT_TRUE(decoded && *decoded) << line;
    EXPECT_EQ((*decoded)->header, header) << line;
  }
  EXPECT_EQ(seen.size(), types.size()) << "every type has a vector";
}

TEST(ProtocolVectors, Heads) {
  for (const std::string& line : vectors("head")) {
    // "a=b | a=b 3f … | be": blocks of one link, first the fields, then the bytes.
    std::istringstream in(line);
    std::vector<Fields> heads(1);
    std::vector<std::string> blocks(1);
    bool in_hex = false;
    for (std::string word; in >> word;) {
      const auto equals = word.find('=');
      in_hex = in_hex || (equals == std::string::npos && word != "|");
      if (word == "|") {
        if (in_hex) {
          blocks.emplace_back();
        } else {
          heads.emplace_back();
        }
      } else if (in_hex) {
        blocks.back() += word;
      } else {
        heads.back().push_back({word.substr(0, equals), word.substr(equals + 1)});
      }
    }
    ASSERT_EQ(heads.size(), blocks.size());
    HeadEncoder encoder;
    HeadDecoder decoder;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      Bytes block;
      ASSERT_TRUE(encoder.encode(heads[i], block));
      EXPECT_EQ(block, bytes_of(blocks[i])) << line;
      EXPECT_EQ(decoder.decode(bytes_of(blocks[i]), 1000).value(), heads[i]) << line;
    }
  }
}

}  // namespace
}  // namespace railgun::link
