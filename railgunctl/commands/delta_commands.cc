// savings and delta: the delta engine by itself. They need no daemon.
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "railgunctl/commands/commands.h"
#include "railgunctl/render.h"
#include "railgunctl/savings/recorder.h"
#include "railgunctl/savings/savings.h"
#include "railgund/base/file.h"
#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kMaxPageBytes = std::size_t{1} << 30;

Result<Bytes> read_page(const std::string& path) {
  const auto text = read_file(path, kMaxPageBytes);
  if (!text) return std::unexpected(text.error());
  return to_bytes(as_bytes(*text));
}

Result<void> write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return fail(Errc::kUnavailable, path + ": cannot be written");
  return {};
}

struct DeltaFiles {
  std::string reference;
  std::string input;
  std::string output;
  delta::Effort effort = delta::Effort::kStrong;
};

Result<void> encode_files(const DeltaFiles& files) {
  auto reference = read_page(files.reference);
  if (!reference) return std::unexpected(std::move(reference.error()));
  const auto page = read_page(files.input);
  if (!page) return std::unexpected(page.error());
  const auto held = std::make_shared<const delta::Reference>(*std::move(reference));
  if (files.effort == delta::Effort::kStrong) held->prepare_strong();
  return write_file(files.output, delta::encode(held, *page, {.effort = files.effort}));
}

Result<void> apply_files(const DeltaFiles& files) {
  auto reference = read_page(files.reference);
  if (!reference) return std::unexpected(std::move(reference.error()));
  const auto coded = read_page(files.input);
  if (!coded) return std::unexpected(coded.error());
  const auto page = delta::decode(std::make_shared<const delta::Reference>(*std::move(reference)), *coded);
  if (!page) return std::unexpected(page.error());
  return write_file(files.output, *page);
}

struct Recording {
  std::vector<std::string> urls;
  double every_seconds = 60;
  unsigned count = 10;
};
constexpr Duration kFetchTimeout = std::chrono::seconds(30);

// Tells on `progress` how it goes. A fetch that fails is told and leaves a version out.
Result<void> record(const Recording& recording, const std::string& folder, std::ostream& progress) {
  std::vector<Recorder> recorders;
  for (const std::string& url : recording.urls) {
    auto recorder = Recorder::open(url, folder);
    if (!recorder) return std::unexpected(recorder.error());
    recorders.push_back(*std::move(recorder));
  }
  const auto every = std::chrono::duration<double>(recording.every_seconds);
  const auto begin = net::steady_now();
  for (unsigned i = 0; i < recording.count; ++i) {
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Duration>(i * every));
    for (std::size_t k = 0; k < recorders.size(); ++k) {
      const auto recorded = recorders[k].record(kFetchTimeout);
      progress << i + 1 << " of " << recording.count << ": ";
      if (recorded) {
        progress << recorded->file.string() << ", " << bytes_text(recorded->bytes) << '\n' << std::flush;
      } else {
        progress << recording.urls[k] << ": " << recorded.error().text << '\n' << std::flush;
      }
    }
  }
  return {};
}

void add_files(CLI::App& command, DeltaFiles& files, const char* input) {
  command.add_option("--ref", files.reference, "The old page")->required();
  command.add_option(input, files.input)->required();
  command.add_option("-o,--output", files.output, "File to write")->required();
}

}  // namespace

void add_delta_commands(CLI::App& app, Context& context) {
  CLI::App* deltas = app.add_subcommand("delta", "Create and apply deltas between files");
  deltas->require_subcommand(1);

  const auto encoding = std::make_shared<DeltaFiles>();
  CLI::App* encode = deltas->add_subcommand("encode", "Write the delta from an old page to a new one");
  add_files(*encode, *encoding, "NEW");
  encode->add_option("--effort", encoding->effort, "auto, fast, strong (default) or zstd")
      ->transform(CLI::CheckedTransformer(std::map<std::string, delta::Effort>{{"auto", delta::Effort::kAuto},
                                                                               {"fast", delta::Effort::kFast},
                                                                               {"strong", delta::Effort::kStrong},
                                                                               {"zstd", delta::Effort::kZstd}}));
  encode->callback([encoding, &context] {
    if (auto done = encode_files(*encoding); !done) context.exit_code = report(context, done.error());
  });

  const auto applying = std::make_shared<DeltaFiles>();
  CLI::App* apply = deltas->add_subcommand("apply", "Rebuild the new page from the old one and a delta");
  add_files(*apply, *applying, "DELTA");
  apply->callback([applying, &context] {
    if (auto done = apply_files(*applying); !done) context.exit_code = report(context, done.error());
  });
}

void add_savings_command(CLI::App& app, Context& context) {
  struct Input {
    std::string folder;
    SavingsOptions options;
    Recording recording;
  };
  const auto input = std::make_shared<Input>();
  CLI::App* savings = app.add_subcommand("savings", "Measure what Railgun would save on versions of your pages");
  savings->add_option("DIR", input->folder, "Folder with versions of pages, oldest first: RESOURCE/0001, 0002, …")
      ->required();
  savings->add_option("--pairs", input->options.pairs, "Number of version pairs to measure per page")
      ->capture_default_str();
  savings->add_flag("!--sizes-only", input->options.speeds, "Do not measure speeds");
  savings->add_option("--record", input->recording.urls, "First record versions of this live page (repeatable)")
      ->allow_extra_args(false);
  savings->add_option("--every", input->recording.every_seconds, "Seconds between versions")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  savings->add_option("--count", input->recording.count, "Number of versions to record")
      ->check(CLI::Range(2, 10000))
      ->capture_default_str();
  savings->footer(
      "Example: railgunctl savings versions --record https://www.example.com/ --every 30 --count 20\n"
      "         railgunctl savings versions");
  savings->callback([input, &context] {
    if (!input->recording.urls.empty()) {
      if (auto done = record(input->recording, input->folder, context.err); !done) {
        context.exit_code = report(context, done.error());
        return;
      }
    }
    const auto resources = measure_savings(input->folder, input->options);
    if (!resources) {
      context.exit_code = report(context, resources.error());
      return;
    }
    context.out << (context.json ? savings_json(*resources) : savings_text(*resources));
  });
}

}  // namespace railgun::ctl
