// Certificates and pairs of engines for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "railgund/tls/authority.h"
#include "railgund/tls/engine.h"

namespace railgun::tls {

inline Bytes serial(std::uint8_t last) {
  Bytes bytes(16, 0);
  bytes.back() = last;
  return bytes;
}

// Valid whatever the clock of the machine says: 2000 to 2100.
inline Validity always() {
  return {WallTime(std::chrono::seconds(946684800)), WallTime(std::chrono::seconds(4102444800))};
}
inline Validity long_ago() {
  return {WallTime(std::chrono::seconds(946684800)), WallTime(std::chrono::seconds(1000000000))};
}

inline KeyAndCertificate make_authority(const std::string& name = "test authority") {
  const auto authority = create_authority(name, always(), serial(1));
  EXPECT_TRUE(authority) << authority.error().text;
  return *authority;
}

inline Identity make_identity(const KeyAndCertificate& authority, const std::vector<std::string>& names,
                              Validity validity = always()) {
  const auto request = create_request("whoever");
  EXPECT_TRUE(request) << request.error().text;
  const auto certificate = issue_certificate(authority, request->request, names, validity, serial(2));
  EXPECT_TRUE(certificate) << certificate.error().text;
  return {*certificate, request->key, authority.certificate};
}

inline ContextPtr make_context(const Identity& identity) {
  const auto context = make_link_context(identity);
  EXPECT_TRUE(context) << context.error().text;
  return *context;
}

// Carries what either has for the other until both are silent, `step` bytes at a time. Gives the first error of each.
struct Outcome {
  std::optional<Error> client, server;
};
inline Outcome converse(Engine& client, Engine& server, std::size_t step = 1 << 20) {
  Outcome outcome;
  const auto carry = [step](Engine& from, Engine& to, std::optional<Error>& error) {
    Bytes bytes;
    bool moved = false;
    while (from.pull(bytes, step) > 0) {
      moved = true;
      const Result<void> result = to.receive(bytes);
      if (!result && !error) error = result.error();
      bytes.clear();
    }
    return moved;
  };
  bool moved = true;
  while (moved) {
    moved = carry(client, server, outcome.server);
    moved = carry(server, client, outcome.client) || moved;
  }
  return outcome;
}

inline std::string plaintext(Engine& engine) {
  Bytes bytes;
  engine.take_plaintext(bytes);
  return std::string(as_text(bytes));
}

}  // namespace railgun::tls
