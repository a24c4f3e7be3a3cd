// The settings of activation (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kDay = 86400;  // seconds

constexpr std::array kSettings{
    Setting{.key = "activation.token",
            .place = &Config::activation_token,
            .takes = Takes::kRestart,
            .concerns = Concerns::kListener,
            .help = "Token that railgunctl railgun create printed on the sender. It is used at the first start, as by "
                    "railgunctl activate TOKEN.",
            .form = Form::kWord,
            .secret = true,
            .section = "Activation"},
    Setting{.key = "activation.railgun_host",
            .place = &Config::activation_railgun_host,
            .takes = Takes::kRestart,
            .concerns = Concerns::kListener,
            .help = "Host name or address at which the sender reaches this listener.",
            .form = Form::kWord,
            .example = "listener.example.com"},
    Setting{.key = "activation.listen",
            .place = &Config::activation_listen,
            .takes = Takes::kRestart,
            .concerns = Concerns::kSender,
            .help = "Address on which listeners are activated: ADDRESS:PORT. Empty: listeners cannot be activated.",
            .example = "0.0.0.0:2409"},
    Setting{.key = "activation.address",
            .place = &Config::activation_address,
            .concerns = Concerns::kSender,
            .help = "Address of activation.listen as listeners reach it, HOST:PORT. Tokens contain it.",
            .form = Form::kHostPort,
            .example = "sender.example.com:2409"},
    Setting{.key = "activation.certificate_life",
            .place = &Config::activation_certificate_life,
            .concerns = Concerns::kSender,
            .help = "Lifetime of the certificates that this sender issues. They are renewed after two thirds of it. "
                    "7776000 is 90 days; less than a day is for tests only.",
            .least = 10,
            .most = 397 * kDay},
};

}  // namespace

std::span<const Setting> activation_settings() { return kSettings; }

}  // namespace railgun::config
