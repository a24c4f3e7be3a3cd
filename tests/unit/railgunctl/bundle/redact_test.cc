#include "railgunctl/bundle/redact.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

TEST(Redactor, RemovesValuesOfSecretSettingsAndSaysWhich) {
  Redactor redactor;
  EXPECT_EQ(redactor.settings("role = listener\nactivation.token = CANARY1\nstats.token=CANARY2\n", "railgun.conf"),
            "role = listener\nactivation.token = (removed)\nstats.token = (removed)\n");
  EXPECT_EQ(redactor.removed(),
            (std::vector<std::string>{"railgun.conf:2: activation.token", "railgun.conf:3: stats.token"}));
}

TEST(Redactor, KeepsPathsOfSecretFiles) {
  Redactor redactor;
  const char* text = "key.file = /etc/railgun/key.pem\nreference.secret_file = /etc/railgun/secret\n";
  EXPECT_EQ(redactor.settings(text, "railgun.conf"), text);
  EXPECT_TRUE(redactor.removed().empty());
}

TEST(Redactor, LooksIntoCommentsAndBrokenLines) {
  Redactor redactor;
  const std::string clean = redactor.settings(
      "# activation.token = CANARY1\n"
      "## the password is CANARY2\n"
      "activation.token CANARY3\n"
      "# The token comes from the sender.\n",
      "railgun.conf");
  EXPECT_EQ(clean.find("CANARY"), std::string::npos) << clean;
  EXPECT_NE(clean.find("# The token comes from the sender.\n"), std::string::npos) << clean;
}

TEST(Redactor, RemembersSecretsAndFindsThemElsewhere) {
  Redactor redactor;
  redactor.settings("activation.token = abcdefghij\n", "railgun.conf");
  EXPECT_EQ(redactor.text("got abcdefghij,abcdefghij!", "log"), "got (removed),(removed)!\n");
}

TEST(Redactor, RemovesCredentialsFromAnyText) {
  for (const char* line :
       {"Cookie: session=CANARY", "< set-cookie: a=CANARY; Path=/", "Authorization: Basic CANARY",
        "GET http://user:CANARY@example.com/", "GET /a?key=CANARY HTTP/1.1", "POST https://stats.example/in?CANARY",
        "token CANARY7 refused", "the token: canary-x", "password=\"CANARY\"", "\"stats_token\":\"CANARY\"",
        "saw CANARYabcdefghijklmnopqrstuvwxyz0123456789"}) {
    Redactor redactor;
    const std::string clean = redactor.text(line, "log");
    EXPECT_EQ(clean.find("CANARY"), std::string::npos) << clean;
    EXPECT_EQ(clean.find("canary"), std::string::npos) << clean;
    EXPECT_EQ(redactor.removed().size(), 1U) << line;
  }
}

TEST(Redactor, KeepsWhatSupportReads) {
  for (const char* line : {"Activation Failed: Invalid or missing railgun token or tag",
                           "connection failed 192.0.2.1:443/www.example.com: i/o timeout",
                           "link 0123456789abcdef0123456789abcdef is up, 20 ms", "what? no origin",
                           "rip 0x00007f3a1c2b3d4e rsp 0x00007ffd1c2b3d4e"}) {
    Redactor redactor;
    EXPECT_EQ(redactor.text(line, "log"), std::string(line) + "\n");
  }
}

TEST(Redactor, RemovesPrivateKeysWhole) {
  Redactor redactor;
  EXPECT_EQ(redactor.text("a\n-----BEGIN EC PRIVATE KEY-----\nCANARY\n-----END EC PRIVATE KEY-----\nb\n", "log"),
            "a\n(removed)\nb\n");
  EXPECT_EQ(Redactor().text("-----BEGIN PRIVATE KEY-----\nCANARY\nCANARY", "log"), "(removed)\n");
}

TEST(Redactor, TakesOnlyCertificatesOutOfPem) {
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n";
  EXPECT_EQ(Redactor::certificates(key + certificate + key + certificate), certificate + certificate);
  EXPECT_EQ(Redactor::certificates("-----BEGIN CERTIFICATE-----\n" + key + "-----END CERTIFICATE-----\n"), "");
  EXPECT_EQ(Redactor::certificates("-----BEGIN CERTIFICATE-----\nMIIB"), "");
}

}  // namespace
}  // namespace railgun::ctl
