// diagnose: one page through the pair and directly.
#include <array>
#include <ostream>

#include <CLI/CLI.hpp>
#include <openssl/evp.h>

#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"
#include "railgunctl/probe/diagnosis.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/config/parser.h"
#include "railgund/http/syntax.h"
#include "railgund/http/target.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

struct Options {
  std::string url{};
  std::vector<std::string> headers{};
  unsigned count = 1;
  double timeout_seconds = 30;
  std::string sender{};  // where it listens, if not as the settings say
  std::string origin{};
};

std::string sha1(std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return to_hex(ByteView(digest).first(size));
}

// Throws CLI::ValidationError: the command line makes no sense.
Fields read_headers(const std::vector<std::string>& lines) {
  Fields fields{{"User-Agent", "railgunctl-diagnose/" RAILGUN_VERSION}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip"}};
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    const std::string value(
        http::trim_blanks(colon == std::string::npos ? std::string_view{} : std::string_view(line).substr(colon + 1)));
    if (colon == std::string::npos || !http::is_token(name) || !http::is_field_value(value))
      throw CLI::ValidationError("-H", "expected 'Name: value', not '" + line + "'");
    set_field(fields, name, value);
  }
  return fields;
}

// Throws CLI::ValidationError if the option's text made no value.
template <typename T>
T named(const char* option, Result<T> value) {
  if (!value) throw CLI::ValidationError(option, value.error().text);
  return *std::move(value);
}

class Diagnoser {
 public:
  Diagnoser(const Context& context, const Options& options) : context_(context), options_(options) {
    auto target = http::split_target("GET", options.url);
    if (!target || !target->is_absolute)
      throw CLI::ValidationError("URL", "expected http://HOST/… or https://HOST/…, not '" + options.url + "'");
    target_ = *std::move(target);
    fields_ = read_headers(options.headers);
    if (!options.sender.empty()) sender_ = named("--sender", parse_endpoint(options.sender, 80));
    if (!options.origin.empty()) origin_ = named("--origin", config::parse_origin_target(options.origin));
    if (auto loaded = config::load_config(context.config)) config_ = std::move(loaded->config);
  }

  Result<Diagnosis> run() {
    Diagnosis diagnosis{.url = options_.url, .host = target_.host};
    if (config_) diagnosis.header_name = config_->header_name;
    const auto sender = find_sender();
    if (!sender) return std::unexpected(sender.error());
    diagnosis.sender = *sender;
    const auto origin = find_origin();
    if (origin) diagnosis.origin = to_string(*origin);
    if (!origin) diagnosis.no_origin = origin.error().text;

    if (origin) diagnosis.direct.push_back(direct(*origin));
    for (unsigned i = 0; i <= options_.count; ++i) {
      diagnosis.through.push_back(through(*sender, diagnosis.header_name));
      // Who does not answer once need not be asked again.
      if (diagnosis.through.back().answer.reach != Reach::kOpen) break;
    }
    if (origin && diagnosis.direct.front().answer.status != 0) diagnosis.direct.push_back(direct(*origin));
    return diagnosis;
  }

 private:
  // Errors: kInvalid, saying how to name it.
  Result<Endpoint> find_sender() const {
    if (sender_) return *sender_;
    if (!config_)
      return fail(Errc::kInvalid, "no settings in " + context_.config +
                                      ": run this on the sender, or give its address: --sender HOST:PORT");
    if (config_->role != config::Role::kSender || config_->listen.empty()) {
      return fail(Errc::kInvalid,
                  "no sender is configured on this machine: run this on the sender, or give its address: "
                  "--sender HOST:PORT");
    }
    Endpoint endpoint = config_->listen.front();
    if (endpoint.host == "0.0.0.0") endpoint.host = "127.0.0.1";
    if (endpoint.host == "::") endpoint.host = "::1";
    return endpoint;
  }

  std::string host_alone() const {
    const auto endpoint = parse_endpoint(target_.host, 80);
    return endpoint ? endpoint->host : target_.host;
  }

  // Errors: why there is none to ask.
  Result<config::OriginTarget> find_origin() const {
    if (origin_) return *origin_;
    if (config_ && config_->role == config::Role::kListener) {
      return config_->origins.find(target_.host, target_.secure).targets.front();
    }
    const config::Site* site = config_ ? config::find_site(*config_, host_alone()) : nullptr;
    if (site != nullptr && site->origin) return *site->origin;
    return fail(Errc::kNotFound,
                "site." + host_alone() + ".origin is not set on this machine; give it: --origin http://HOST:PORT");
  }

  http::Request request() const {
    return {.method = "GET", .target = target_.path, .host = target_.host, .secure = target_.secure, .fields = fields_};
  }
  Instant deadline() const {
    return net::steady_now() +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options_.timeout_seconds));
  }

  Sample through(const Endpoint& sender, const std::string& header_name) const {
    FetchOptions options{.endpoint = sender, .request = request()};
    // A sender takes a page's scheme from an absolute target.
    if (target_.secure) options.request.target = "https://" + target_.host + target_.path;
    Sample sample = taken(fetch(options, deadline()));
    const std::string_view header =
        header_name.empty() ? std::string_view{} : field_value(sample.answer.fields, header_name);
    if (auto passage = proxy::parse_cf_railgun(header); passage && !header.empty())
      sample.passage = *std::move(passage);
    return sample;
  }

  Sample direct(const config::OriginTarget& origin) const {
    FetchOptions options{
        .endpoint = origin.endpoint, .server_name = host_alone(), .http2 = origin.http2, .request = request()};
    if (origin.secure) {
      const auto context = tls::make_origin_context(
          {.verify = !config_ || config_->validate_cert, .bundle_file = config_ ? config_->ca_bundle : std::string{}});
      if (!context) return {.answer = {.error = context.error()}};
      options.context = *context;
    }
    return taken(fetch(options, deadline()));
  }

  static Sample taken(Fetched answer) {
    Sample sample{.answer = std::move(answer)};
    sample.body_hash = sha1(sample.answer.body);
    return sample;
  }

  const Context& context_;
  const Options& options_;
  http::Target target_{};
  Fields fields_{};
  std::optional<Endpoint> sender_{};              // as the command line says
  std::optional<config::OriginTarget> origin_{};  // as the command line says
  std::optional<config::Config> config_{};
};

ExitCode run_diagnose(Context& context, const Options& options) {
  const auto diagnosis = Diagnoser(context, options).run();
  if (!diagnosis) return report(context, diagnosis.error());
  const DiagnosisVerdict verdict = judge(*diagnosis);
  context.out << (context.json ? diagnosis_json(*diagnosis, verdict) : diagnosis_text(*diagnosis, verdict));
  return verdict.exit_code;
}

}  // namespace

void add_diagnose_command(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("diagnose", "Fetch a page through the pair and directly from its origin, and compare");
  auto options = std::make_shared<Options>();
  command->add_option("URL", options->url, "URL of the page, as visitors request it")->required();
  command
      ->add_option("-H,--header", options->headers,
                   "A request header, 'Name: value', such as a login cookie (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--count", options->count, "Number of measured fetches, after one warm-up fetch")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--sender", options->sender, "Address of the sender, HOST:PORT (default: the setting listen)");
  command->add_option("--origin", options->origin,
                      "Origin to fetch from directly (default: the setting site.HOST.origin)");
  command->add_option("--timeout", options->timeout_seconds, "Timeout for each fetch, in seconds")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command->footer(
      "Run it on the sender. Exit codes: 0 the page came through the pair; 1 it did\n"
      "not, or it differs from the origin's page; 3 the sender does not answer.\n"
      "Example: railgunctl diagnose http://www.example.com/news\n"
      "         railgunctl diagnose https://www.example.com/ -H 'Cookie: a=1' --count 5");
  command->callback([&context, options] { context.exit_code = run_diagnose(context, *options); });
}

}  // namespace railgun::ctl
