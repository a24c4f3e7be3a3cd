#include "railgunctl/client.h"

#include <cerrno>

#include "railgunctl/settings_file.h"
#include "railgunctl/wire.h"
#include "railgund/config/settings_table.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

std::unexpected<Failure> unreachable(const std::string& socket, const std::string& why) {
  return std::unexpected(Failure{ExitCode::kUnreachable,
                                 {Errc::kUnavailable, "no daemon answers at " + socket + ": " + why +
                                                          "; is railgund running? (systemctl status railgund)"}});
}

std::unexpected<Failure> denied(const std::string& socket) {
  return std::unexpected(Failure{ExitCode::kDenied,
                                 {Errc::kDenied, "permission denied: " + socket +
                                                     ": run this as root, or join the group railgun for read access"}});
}

// The answer's line, without its end.
Result<std::string> exchange_lines(Wire& wire, std::string line, Instant deadline) {
  line += '\n';
  if (auto sent = wire.write(as_bytes(line), deadline); !sent) return std::unexpected(sent.error());
  std::string answer;
  while (true) {
    const auto bytes = wire.read(deadline);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return fail(Errc::kUnavailable, "it closed the connection");
    answer += as_text(*bytes);
    if (const std::size_t end = answer.find('\n'); end != std::string::npos) return answer.substr(0, end);
    if (answer.size() > control::kMaxAnswerBytes) return fail(Errc::kTooLarge, "its answer is too long");
  }
}

}  // namespace

std::string socket_path(const Context& context) {
  if (!context.socket.empty()) return context.socket;
  const auto file = read_settings(context.config);
  const std::string* configured = file ? find_setting(*file, "control.socket") : nullptr;
  return configured != nullptr ? *configured : config::shipped_value("control.socket");
}

std::expected<std::string, Failure> ask(const std::string& socket, const control::Request& request, Duration timeout) {
  const Instant deadline = net::steady_now() + timeout;
  Wire::Attempt attempt = Wire::connect_unix(socket, deadline);
  if (!attempt.wire) {
    if (attempt.error_number == EACCES || attempt.error_number == EPERM) return denied(socket);
    return unreachable(socket, attempt.error_number == ENOENT ? "there is no such socket" : attempt.reason);
  }
  const auto line = exchange_lines(*attempt.wire, control::format_request(request), deadline);
  if (!line) return unreachable(socket, line.error().text);
  auto result = control::parse_answer(*line);
  if (result) return *std::move(result);
  const ExitCode code = result.error().code == Errc::kDenied ? ExitCode::kDenied : ExitCode::kFailed;
  return std::unexpected(Failure{code, std::move(result.error())});
}

StatusAnswer ask_status(const Context& context, Duration timeout) {
  const auto json = ask(socket_path(context), {.command = control::Command::kStatus, .arguments = {}}, timeout);
  if (!json) return std::unexpected(json.error());
  auto status = control::from_json<control::Status>(*json);
  if (!status) return std::unexpected(Failure{ExitCode::kFailed, status.error()});
  return *std::move(status);
}

}  // namespace railgun::ctl
