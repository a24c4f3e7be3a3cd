#include "railgund/tls/engine.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <openssl/err.h>

#include "railgund/base/byte_queue.h"
#include "railgund/base/check.h"
#include "railgund/tls/context_parts.h"
#include "railgund/tls/failure.h"
#include "railgund/tls/openssl_handles.h"
#include "railgund/tls/visitor_context.h"

namespace railgun::tls {
namespace {

// Where OpenSSL reads and writes ciphertext. A memory BIO would copy once more and never shrink.
struct Wire {
  ByteView input;    // what receive() was given and OpenSSL has not read
  ByteQueue output;  // until it is pulled
};

int read_wire(BIO* bio, char* to, std::size_t most, std::size_t* count) noexcept {
  Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = std::min(most, wire.input.size());
  if (*count == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(to, wire.input.data(), *count);
  wire.input = wire.input.subspan(*count);
  return 1;
}

int write_wire(BIO* bio, const char* from, std::size_t size, std::size_t* count) noexcept {
  Wire& wire = *static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  wire.output.append(as_bytes({from, size}));
  *count = size;
  return 1;
}

long control_wire(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* wire_method() {
  static const auto instance = [] {
    std::unique_ptr<BIO_METHOD, Freer<BIO_meth_free>> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire"));
    RAILGUN_CHECK(made != nullptr);
    BIO_meth_set_read_ex(made.get(), read_wire);
    BIO_meth_set_write_ex(made.get(), write_wire);
    BIO_meth_set_ctrl(made.get(), control_wire);
    return made;
  }();
  return instance.get();
}

// What the check of the peer's certificate needs and finds.
struct Verdict {
  std::string server_name;
  std::string refusal;
};

int verify_certificate(int is_fine, X509_STORE_CTX* store) noexcept {
  if (is_fine != 0) return 1;
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& verdict = *static_cast<Verdict*>(SSL_get_app_data(ssl));
  if (verdict.refusal.empty()) {
    verdict.refusal = refusal_text(store, verdict.server_name);
  }
  return 0;
}

// Every connection starts with a handshake or an alert (RFC 8446 5.1): anything else is another protocol.
bool starts_like_tls(std::uint8_t first_byte) { return first_byte == 0x16 || first_byte == 0x15; }

}  // namespace

struct Engine::State {
  ContextPtr context;
  Wire wire;
  Verdict verdict;
  SslPtr ssl;
  Bytes plaintext;  // received and not taken
  std::optional<Error> error;
  bool has_received = false;
  bool peer_closed = false;
  bool is_shut_down = false;

  bool is_done() const { return SSL_is_init_finished(ssl.get()) == 1; }

  // Keeps the first error: what follows it is only its echo.
  std::unexpected<Error> failed(Error why) {
    if (!error) error = std::move(why);
    return std::unexpected(*error);
  }

  // False if the last call did not go through for another reason than that input or output is missing.
  bool goes_on(int result) {
    const int reason = SSL_get_error(ssl.get(), result);
    if (reason == SSL_ERROR_ZERO_RETURN) peer_closed = true;
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_ZERO_RETURN;
  }

  Result<void> read_plaintext() {
    std::array<std::uint8_t, kRecordBytes> record;
    for (;;) {
      std::size_t count = 0;
      const int result = SSL_read_ex(ssl.get(), record.data(), record.size(), &count);
      if (result == 1) {
        append(plaintext, ByteView(record).first(count));
        continue;
      }
      if (goes_on(result)) return {};
      return failed(connection_error(verdict.refusal));
    }
  }
};

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Engine Engine::make(ContextPtr context) {
  auto state = std::make_unique<State>();
  state->context = std::move(context);
  state->ssl.reset(SSL_new(state->context->get()));
  BIO* const bio = BIO_new(wire_method());
  RAILGUN_CHECK(state->ssl != nullptr && bio != nullptr);
  BIO_set_data(bio, &state->wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(state->ssl.get(), bio, bio);
  SSL_set_app_data(state->ssl.get(), &state->verdict);
  if (state->context->verifies()) {
    SSL_set_verify(state->ssl.get(), SSL_get_verify_mode(state->ssl.get()), verify_certificate);
  }
  return Engine(std::move(state));
}

Engine Engine::client(ContextPtr context, const std::string& server_name, bool offers_http2) {
  Engine engine = make(std::move(context));
  SSL* const ssl = engine.state_->ssl.get();
  SSL_set_connect_state(ssl);
  engine.state_->verdict.server_name = server_name;
  if (!server_name.empty()) {
    X509_VERIFY_PARAM* const check = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // Addresses are checked against the certificate, but never sent as SNI (RFC 6066 3).
    const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(check, server_name.c_str()) == 1;
    if (!is_address) {
      X509_VERIFY_PARAM_set1_host(check, server_name.c_str(), server_name.size());
      SSL_set_tlsext_host_name(ssl, server_name.c_str());
    }
  }
  if (offers_http2) {
    constexpr std::array kProtocols = {kHttp2Protocol, kHttp1Protocol};
    const std::string list = alpn_list(kProtocols);
    SSL_set_alpn_protos(ssl, as_bytes(list).data(), static_cast<unsigned>(list.size()));
  }
  ERR_clear_error();
  SSL_do_handshake(ssl);  // makes the first message; the rest follows from receive()
  return engine;
}

Engine Engine::server(ContextPtr context) {
  Engine engine = make(std::move(context));
  SSL_set_accept_state(engine.state_->ssl.get());
  return engine;
}

Result<void> Engine::receive(ByteView ciphertext) {
  State& state = *state_;
  if (state.error) return std::unexpected(*state.error);
  if (ciphertext.empty() || state.peer_closed) return {};
  if (!state.has_received && !starts_like_tls(ciphertext[0])) {
    return state.failed({Errc::kMalformed, "the peer does not speak TLS"});
  }
  state.has_received = true;
  state.wire.input = ciphertext;
  ERR_clear_error();
  Result<void> result = state.read_plaintext();
  state.wire.input = {};  // not ours after this call; OpenSSL leaves some only after an error or the peer's end
  return result;
}

std::size_t Engine::take_plaintext(Bytes& to) {
  const std::size_t count = state_->plaintext.size();
  if (to.empty()) {
    to = std::move(state_->plaintext);
  } else {
    append(to, state_->plaintext);
  }
  state_->plaintext = Bytes();
  return count;
}

Result<void> Engine::send(ByteView plaintext) {
  State& state = *state_;
  if (state.error) return std::unexpected(*state.error);
  if (!state.is_done() || state.is_shut_down)
    return fail(Errc::kUnavailable, "TLS: the connection is not open for sending");
  if (plaintext.empty()) return {};
  ERR_clear_error();
  std::size_t count = 0;
  if (SSL_write_ex(state.ssl.get(), plaintext.data(), plaintext.size(), &count) != 1 || count != plaintext.size()) {
    return state.failed(connection_error({}));
  }
  return {};
}

std::size_t Engine::pull(Bytes& to, std::size_t most) { return state_->wire.output.take(to, most); }

bool Engine::handshake_done() const { return state_->is_done(); }

void Engine::shut_down() {
  if (state_->is_shut_down || state_->error || !state_->is_done()) return;
  state_->is_shut_down = true;
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
}

bool Engine::peer_closed() const { return state_->peer_closed; }

std::optional<CertificateFacts> Engine::peer_certificate() const {
  const X509* const certificate = SSL_get0_peer_certificate(state_->ssl.get());
  if (!handshake_done() || certificate == nullptr) return std::nullopt;
  return facts_of(certificate);
}

bool Engine::is_peer_trusted_by(const Context& context) const {
  X509* const certificate = SSL_get0_peer_certificate(state_->ssl.get());
  const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
  if (certificate == nullptr || check == nullptr ||
      X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context.get()), certificate,
                          SSL_get_peer_cert_chain(state_->ssl.get())) != 1) {
    ERR_clear_error();
    return false;
  }
  X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_NO_CHECK_TIME);
  const bool is_trusted = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return is_trusted;
}

std::string Engine::peer_name() const {
  const std::optional<CertificateFacts> facts = peer_certificate();
  if (!facts) return {};
  return facts->dns_names.empty() ? facts->common_name : facts->dns_names.front();
}

std::string Engine::version() const { return SSL_get_version(state_->ssl.get()); }

std::string Engine::cipher() const {
  const char* const name = SSL_get_cipher_name(state_->ssl.get());
  return name == nullptr ? "" : name;
}

std::string Engine::group() const {
  SSL* const ssl = state_->ssl.get();
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl));
  const char* const name = group == 0 ? nullptr : SSL_group_to_name(ssl, group);
  return name == nullptr ? "" : name;
}

bool Engine::is_resumed() const { return SSL_session_reused(state_->ssl.get()) == 1; }

std::string Engine::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->ssl.get(), &name, &size);
  return std::string(as_text({name, size}));
}

}  // namespace railgun::tls
