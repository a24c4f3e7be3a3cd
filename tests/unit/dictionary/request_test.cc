#include "railgund/dictionary/request.h"

#include <string>

#include <gtest/gtest.h>

#include "railgund/base/text.h"

namespace railgun::dictionary {
namespace {

// SHA-256 of nothing (FIPS 180-4), in base64.
const std::string kNothing = ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

std::optional<Hash> read(const std::string& value) {
  return read_available_dictionary({{"Available-Dictionary", value}});
}

TEST(AvailableDictionary, IsAHashBetweenColons) {
  ASSERT_TRUE(read(kNothing));
  EXPECT_EQ(to_hex(*read(kNothing)), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(read(kNothing), hash_of({}));
  EXPECT_TRUE(read(" " + kNothing + "\t"));
}

TEST(AvailableDictionary, IsNothingIfItIsMalformed) {
  for (std::size_t count = 0; count < kNothing.size(); ++count) EXPECT_FALSE(read(kNothing.substr(0, count))) << count;
  for (std::size_t i = 0; i < kNothing.size(); ++i) {
    std::string changed = kNothing;
    changed[i] = '!';
    EXPECT_FALSE(read(changed)) << i;
  }
  EXPECT_FALSE(read(kNothing + "=:"));
  EXPECT_FALSE(read(kNothing + ";a=1"));
  // A last digit with more bits than a hash has.
  EXPECT_FALSE(read(":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=:"));
}

TEST(AvailableDictionary, IsNothingIfItComesTwice) {
  EXPECT_FALSE(read_available_dictionary({{"Available-Dictionary", kNothing}, {"available-dictionary", kNothing}}));
  EXPECT_FALSE(read_available_dictionary({}));
}

TEST(OwnReader, IsANavigationOrTheSiteItself) {
  EXPECT_TRUE(is_own_reader({{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_TRUE(is_own_reader({{"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Site", "same-origin"}}));
  EXPECT_TRUE(is_own_reader({{"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Site", "none"}}));
  EXPECT_FALSE(is_own_reader({{"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Site", "same-site"}}));
  EXPECT_FALSE(is_own_reader({{"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_FALSE(is_own_reader({}));
  EXPECT_FALSE(is_own_reader({{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}));
}

TEST(SecureContext, IsTlsOrAProxysWordOrTheVisitorsOwnMachine) {
  http::Request request{.host = "site.test"};
  EXPECT_FALSE(is_secure_context(request, true));
  request.secure = true;
  EXPECT_TRUE(is_secure_context(request, false));
  request.secure = false;
  request.fields = {{"X-Forwarded-Proto", "https"}};
  EXPECT_FALSE(is_secure_context(request, false));
  EXPECT_TRUE(is_secure_context(request, true));
  request.fields = {{"X-Forwarded-Proto", "http, https"}};
  EXPECT_FALSE(is_secure_context(request, true));
  for (const char* own : {"localhost", "localhost:8080", "a.localhost", "127.0.0.1:80", "[::1]:80"})
    EXPECT_TRUE(is_secure_context({.host = own}, false)) << own;
  for (const char* other : {"localhost.test", "127.0.0.1.test", "[::2]", "10.0.0.1"})
    EXPECT_FALSE(is_secure_context({.host = other}, false)) << other;
}

TEST(Browsers, AreKnownByTheirVersions) {
  const Fields chromium = {{"Sec-CH-UA", R"("Chromium";v="156", "Not-A.Brand";v="24", "Google Chrome";v="156")"}};
  EXPECT_EQ(chromium_version(chromium), 156u);
  EXPECT_TRUE(fetches_dictionaries(chromium));
  EXPECT_FALSE(fetches_dictionaries({{"Sec-CH-UA", R"("Chromium";v="129")"}}));
  EXPECT_EQ(chromium_version({{"Sec-CH-UA", R"("Chromium";v="1234567")"}}), 0u);
  EXPECT_EQ(chromium_version({{"Sec-CH-UA", R"("Chromium";v="156")"}, {"Sec-CH-UA", "x"}}), 0u);
  const std::string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/";
  EXPECT_EQ(firefox_version({{"User-Agent", agent + "153.0"}}), 153u);
  EXPECT_FALSE(fetches_dictionaries({{"User-Agent", agent + "153.0"}}));
  EXPECT_TRUE(fetches_dictionaries({{"User-Agent", agent + "161.0"}}));
  EXPECT_FALSE(fetches_dictionaries({}));
}

}  // namespace
}  // namespace railgun::dictionary
