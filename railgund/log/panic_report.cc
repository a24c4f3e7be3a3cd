#include "railgund/log/panic_report.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include <cxxabi.h>

namespace railgun::log {
namespace {

constexpr std::string_view kTaken = "==== reported ====\n";
constexpr std::size_t kReportLimit = 64 * 1024;

// The rest of the line that starts with `key`.
std::string value_of(std::string_view report, std::string_view key) {
  for (std::size_t at = report.find(key); at != std::string_view::npos; at = report.find(key, at + 1)) {
    if (at != 0 && report[at - 1] != '\n') continue;
    const std::string_view rest = report.substr(at + key.size());
    return std::string(rest.substr(0, rest.find('\n')));
  }
  return {};
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && name ? name.get() : symbol;
}

// The function at the interrupted instruction, if it is one of ours: the frame of the first register.
std::string place_of(std::string_view report) {
  const std::string registers = value_of(report, "registers: ");
  const std::size_t equals = registers.find('=');
  if (equals == std::string::npos) return {};
  const std::string address = registers.substr(equals + 1, registers.find(' ', equals) - equals - 1);
  const std::size_t line = report.find(" " + address + " ");
  if (line == std::string_view::npos) return {};
  const std::string_view frame = report.substr(line + 1, report.find('\n', line) - line - 1);
  // "0xADDRESS FILE+0xOFFSET SYMBOL+0xOFFSET"
  const std::size_t second = frame.find(' ', frame.find(' ') + 1);
  if (second == std::string_view::npos) return std::string(frame.substr(frame.find(' ') + 1));
  const std::string_view symbol = frame.substr(second + 1);
  return demangled(std::string(symbol.substr(0, symbol.rfind('+'))));
}

}  // namespace

std::optional<std::string> take_panic_report(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  const auto size = static_cast<std::size_t>(in.tellg());
  in.seekg(static_cast<std::streamoff>(size > kReportLimit ? size - kReportLimit : 0));
  const std::string tail(std::istreambuf_iterator<char>(in), {});
  const std::size_t start = tail.rfind(kPanicHeadline);
  if (start == std::string::npos || tail.find(kTaken, start) != std::string::npos) return std::nullopt;
  std::ofstream(file, std::ios::binary | std::ios::app) << kTaken;
  return tail.substr(start + kPanicHeadline.size());
}

std::string panic_summary(const std::string& report) {
  const std::string signal = value_of(report, "signal: ");
  std::string summary = signal.substr(0, signal.find(' '));
  if (const std::string check = value_of(report, "check: "); !check.empty()) {
    summary = "failed check " + check;
  } else if (const std::string exception = value_of(report, "exception: "); !exception.empty()) {
    summary = "exception '" + exception + "'";
  } else {
    summary += " at address " + value_of(report, "address: ");
    if (const std::string place = place_of(report); !place.empty()) summary += " in " + place;
  }
  return summary + ", thread " + value_of(report, "thread: ") + ", request " + value_of(report, "last request: ") +
         ", " + value_of(report, "time: ") + ", version " + value_of(report, "version: ");
}

}  // namespace railgun::log
