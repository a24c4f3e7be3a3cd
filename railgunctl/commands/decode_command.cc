// decode: what a Cf-Railgun header says, in words. Needs no daemon.
#include <algorithm>
#include <charconv>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "railgunctl/commands/commands.h"
#include "railgund/base/field.h"
#include "railgund/base/text.h"
#include "railgund/proxy/cf_railgun.h"

namespace railgun::ctl {
namespace {

using proxy::CfRailgun;
using proxy::Passage;

struct Decoded {
  CfRailgun header;
  bool flags_only = false;
};

// Takes the value, or the whole line as curl prints it, or the flags alone.
Result<Decoded> decode(std::string text) {
  constexpr std::string_view kName = "cf-railgun:";
  if (lower_ascii(text).starts_with(kName)) text.erase(0, kName.size());
  if (text.find_first_of(" \t(") == std::string::npos) {
    const auto flags = proxy::parse_cf_railgun_flags(text);
    if (!flags) return std::unexpected(flags.error());
    return Decoded{.header = CfRailgun{.flags = *flags}, .flags_only = true};
  }
  auto header = proxy::parse_cf_railgun(text);
  if (!header) return std::unexpected(header.error());
  return Decoded{.header = *std::move(header), .flags_only = false};
}

const char* word_of(Passage passage) {
  switch (passage) {
    case Passage::kDelta:
      return "delta";
    case Passage::kStream:
      return "stream";
    case Passage::kNormal:
      return "normal";
    case Passage::kDirect:
      return "direct";
  }
  return "";
}

std::string ratio_text(const CfRailgun& header) {
  std::string cents = std::to_string(header.ratio_hundredths % 100);
  if (cents.size() < 2) cents.insert(0, "0");
  return std::to_string(header.ratio_hundredths / 100) + '.' + cents;
}

std::string hex4(std::uint16_t value) {
  char text[5] = "0000";
  char digits[4];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  std::copy(digits, end, text + 4 - (end - digits));
  return text;
}

std::string how(const CfRailgun& header) {
  switch (header.passage) {
    case Passage::kDelta:
      if (!(header.flags & proxy::kReferenceFound))
        return "sent whole, compressed to " + ratio_text(header) + " % of its size";
      return "sent as a delta: " + ratio_text(header) + " % of the page's size crossed the link";
    case Passage::kStream:
      return "sent unchanged over the link, or the size of its delta was not known when the head left";
    case Passage::kNormal:
      return "sent whole because of an error";
    case Passage::kDirect:
      return "not through the pair: " + header.reason;
  }
  return "";
}

void print_flags(std::ostream& out, std::uint16_t flags) {
  for (const proxy::FlagMeaning& flag : proxy::flag_meanings()) {
    if (!(flags & flag.bit)) continue;
    out << "flag 0x" << hex4(flag.bit).substr(2) << ": " << flag.meaning << '\n';
    flags = static_cast<std::uint16_t>(flags & ~flag.bit);
  }
  if (flags != 0) out << "flag 0x" << hex4(flags) << ": unknown bits\n";
}

void print_words(std::ostream& out, const Decoded& decoded) {
  const CfRailgun& header = decoded.header;
  if (!decoded.flags_only) {
    out << "Answer: " << how(header) << '\n';
    if (header.passage == Passage::kDirect) return;
    if (!header.id.empty()) {
      out << "Request id: " << header.id << '\n';
      out << "Origin time: " << static_cast<double>(header.origin_time.count()) / 1000 << " ms\n";
    }
    out << "Listener build: " << header.version << '\n';
  }
  if (header.flags == 0) out << "no flags\n";
  print_flags(out, header.flags);
}

void print_json(std::ostream& out, const Decoded& decoded) {
  const CfRailgun& header = decoded.header;
  nlohmann::json meanings = nlohmann::json::array();
  for (const proxy::FlagMeaning& flag : proxy::flag_meanings()) {
    if (header.flags & flag.bit) meanings.push_back(flag.meaning);
  }
  nlohmann::json json = {{"flags", hex4(header.flags)}, {"flag_meanings", meanings}};
  if (!decoded.flags_only) {
    json["passage"] = word_of(header.passage);
    if (header.passage == Passage::kDelta) json["ratio_percent"] = header.ratio_hundredths / 100.0;
    if (header.passage == Passage::kDirect) json["reason"] = header.reason;
    if (!header.id.empty()) {
      json["id"] = header.id;
      json["origin_seconds"] = static_cast<double>(header.origin_time.count()) / 1e6;
    }
    if (!header.version.empty()) json["version"] = header.version;
  }
  out << json.dump(2) << '\n';
}

ExitCode run_decode(Context& context, const std::string& text) {
  const auto decoded = decode(text);
  if (!decoded) return report(context, decoded.error());
  if (context.json) {
    print_json(context.out, *decoded);
  } else {
    print_words(context.out, *decoded);
  }
  return ExitCode::kOk;
}

}  // namespace

void add_decode_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("decode", "Explain a Cf-Railgun header");
  auto header = std::make_shared<std::string>();
  command->add_option("header", *header, "The header's value, the whole header line, or its four flag digits")
      ->required();
  command->footer("Example: railgunctl decode '151df128a1 2.05 0.009465 0031 5360'");
  command->callback([&context, header] { context.exit_code = run_decode(context, *header); });
}

}  // namespace railgun::ctl
