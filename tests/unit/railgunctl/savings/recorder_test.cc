#include "railgunctl/savings/recorder.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

std::string name_of_url(const std::string& url) { return page_name(*http::split_target("GET", url)); }

TEST(PageName, IsAFileNameOfHostAndPath) {
  EXPECT_EQ(name_of_url("http://www.example.com/"), "www.example.com");
  EXPECT_EQ(name_of_url("https://www.example.com:8443/news/today?id=7&x=%20"),
            "www.example.com-8443-news-today-id-7-x-20");
  EXPECT_EQ(name_of_url("http://example.com/../../etc"), "example.com-..-..-etc");
  EXPECT_EQ(name_of_url("http://example.com/" + std::string(500, 'a')).size(), 100U);
}

TEST(Recorder, RefusesWhatIsNoUrl) {
  const auto folder = std::filesystem::temp_directory_path();
  for (const char* url : {"", "www.example.com", "ftp://example.com/", "/news"}) {
    const auto recorder = Recorder::open(url, folder);
    ASSERT_FALSE(recorder.has_value()) << url;
    EXPECT_EQ(recorder.error().code, Errc::kInvalid);
  }
}

}  // namespace
}  // namespace railgun::ctl
