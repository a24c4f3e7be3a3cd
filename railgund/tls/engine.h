// One TLS connection between two buffers: ciphertext from and for the peer on one side, plaintext on the other. A core:
// whoever holds it owns the socket and carries the bytes.
//
// After every call there may be ciphertext to pull(): the handshake, answers to the peer, alerts that tell the peer
// why it was refused (so pull after an error, too, before closing).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/context.h"

namespace railgun::tls {

class Engine {
 public:
  // One record: send() no more at a time to get one record a call.
  static constexpr std::size_t kRecordBytes = 16 * 1024;

  // `server_name`: a host name or an address; the server's certificate must be valid for it if the context verifies.
  // Names are sent as SNI. Empty: neither sent nor checked, any certificate of the authority will do.
  // `offers_http2`: ALPN offers HTTP/2 besides HTTP/1.1, whatever the context offers; protocol() says what was chosen.
  static Engine client(ContextPtr context, const std::string& server_name, bool offers_http2 = false);
  static Engine server(ContextPtr context);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Takes ciphertext, cut anywhere. The plaintext it gives is at most as long, and held until taken.
  // Errors end the connection; the text says what is wrong in the words of people who run web servers:
  // kDenied (a certificate: ours or the peer's), kMalformed (not TLS, or broken), kUnsupported (no common version).
  Result<void> receive(ByteView ciphertext);
  // Appends the plaintext received so far to `to` and says how much.
  std::size_t take_plaintext(Bytes& to);

  // Encrypts. Errors: kUnavailable before handshake_done() and after shut_down() or an error.
  Result<void> send(ByteView plaintext);
  // Appends up to `most` bytes of ciphertext to `to` and says how many.
  std::size_t pull(Bytes& to, std::size_t most);

  // Application data may be sent. At a client this comes before the server has judged our certificate.
  bool handshake_done() const;
  // Tells the peer that no more comes.
  void shut_down();
  // The peer said that no more comes. A connection that ends without it may have been cut by anyone.
  bool peer_closed() const;

  // Nothing before the handshake is done, or if the peer has none.
  std::optional<CertificateFacts> peer_certificate() const;
  // Whether the peer's certificate comes from an authority that `context` trusts, which may not be the context of the
  // handshake. Its validity in time is not looked at: that the clock moves on is no change of trust.
  bool is_peer_trusted_by(const Context& context) const;
  // The first DNS name of its certificate, else the common name, else empty.
  std::string peer_name() const;
  std::string version() const;   // "TLSv1.3"
  std::string cipher() const;    // "TLS_AES_128_GCM_SHA256"
  bool is_resumed() const;       // a session from before goes on: no certificate was sent
  std::string protocol() const;  // agreed on by ALPN, empty if none
  // Of the key exchange: "X25519MLKEM768" (OpenSSL 3.5 and later at both ends), "x25519", …; empty before the handshake.
  std::string group() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  static Engine make(ContextPtr context);

  std::unique_ptr<State> state_;
};

}  // namespace railgun::tls
