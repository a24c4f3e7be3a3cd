#include "railgunctl/savings/savings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace railgun::ctl {
namespace {

Bytes page(int votes) {
  std::string text = "<html>";
  for (int i = 0; i < 200; ++i)
    text += "<li id=" + std::to_string(i) + ">" + std::to_string(i * 7919 % 1000) + "</li>\n";
  return to_bytes(as_bytes(text + "<b>" + std::to_string(votes) + "</b></html>"));
}

class SavingsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-savings-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directories(folder_ / "votes");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const Bytes& bytes) {
    std::ofstream file(folder_ / name, std::ios::binary);
    file << as_text(bytes);
  }

  std::filesystem::path folder_;
};

TEST_F(SavingsTest, MeasuresPairsThatDiffer) {
  write("votes/0001", page(1));
  write("votes/0002", page(2));
  write("votes/0003", page(2));
  write("votes/0004", page(3));
  const auto resources = measure_savings(folder_, {.speeds = false});
  ASSERT_TRUE(resources.has_value()) << resources.error().text;
  ASSERT_EQ(resources->size(), 1U);
  EXPECT_EQ((*resources)[0].versions, 4U);
  ASSERT_EQ((*resources)[0].pairs.size(), 2U);
  const auto& pair = (*resources)[0].pairs[0];
  EXPECT_EQ(pair.page_bytes, page(2).size());
  EXPECT_LT(pair.by(Method::kFast).bytes, pair.by(Method::kZstd19Prefix).bytes);
  EXPECT_LT(pair.by(Method::kZstd19Prefix).bytes, pair.by(Method::kGzip6).bytes);
  EXPECT_LT(pair.by(Method::kDcz).bytes, pair.by(Method::kGzip6).bytes);
  EXPECT_GT(pair.by(Method::kDcz).bytes, 40u) << "with its head";

  const auto json = nlohmann::json::parse(savings_json(*resources));
  EXPECT_EQ(json["resources"][0]["name"], "votes");
  EXPECT_EQ(json["total"]["pairs"], 2);
  EXPECT_LT(json["total"]["strong_vs_zstd19_prefix"], 1.0);
  EXPECT_EQ(json["total"]["fast_smaller_than_zstd19_prefix"], 1.0);
  EXPECT_NE(savings_text(*resources).find("votes"), std::string::npos);
}

TEST_F(SavingsTest, SaysWhatIsMissing) {
  EXPECT_EQ(measure_savings(folder_ / "nowhere", {}).error().code, Errc::kNotFound);
  write("votes/0001", page(1));
  EXPECT_EQ(measure_savings(folder_, {}).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace railgun::ctl
