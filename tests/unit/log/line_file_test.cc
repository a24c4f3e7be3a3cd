#include "railgund/log/line_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace railgun::log {
namespace {

class Lines : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-lines-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string content(const std::string& name) {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::filesystem::path folder;
};

TEST_F(Lines, AreWrittenAtTheLatestWhenTheObjectGoes) {
  {
    LineFile file;
    file.add("nowhere yet");
    ASSERT_TRUE(file.open(folder / "log"));
    file.add("one");
    file.add("two");
  }
  EXPECT_EQ(content("log"), "one\ntwo\n");
}

TEST_F(Lines, GoToTheNewFileOnceTheOldOneWasRenamed) {
  {
    LineFile file;
    ASSERT_TRUE(file.open(folder / "log"));
    file.add("before");
    std::filesystem::rename(folder / "log", folder / "log.1");
    file.add("still there");
    ASSERT_TRUE(file.open(folder / "log"));
    file.add("after");
    ASSERT_TRUE(file.open(""));
    file.add("nowhere any more");
    EXPECT_EQ(file.dropped(), 0U);
  }
  EXPECT_EQ(content("log.1"), "before\nstill there\n");
  EXPECT_EQ(content("log"), "after\n");
}

TEST_F(Lines, StayInTheOldFileIfTheNewOneCannotBeOpened) {
  {
    LineFile file;
    ASSERT_TRUE(file.open(folder / "log"));
    const auto failed = file.open(folder / "missing" / "log");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::kNotFound);
    file.add("one");
  }
  EXPECT_EQ(content("log"), "one\n");
}

TEST_F(Lines, ForWhichThereIsNoRoomAreCounted) {
  LineFile file;
  ASSERT_TRUE(file.open(folder / "log"));
  file.add(std::string(LineFile::kWaitingBytes, 'x'));
  EXPECT_EQ(file.dropped(), 1U);
}

TEST_F(Lines, ThatCannotBeWrittenAreCounted) {
  LineFile file;
  ASSERT_TRUE(file.open("/dev/full"));
  file.add("one");
  file.add("two");
  ASSERT_TRUE(file.open(""));
  while (file.dropped() < 2) std::this_thread::yield();
  EXPECT_EQ(file.dropped(), 2U);
}

}  // namespace
}  // namespace railgun::log
