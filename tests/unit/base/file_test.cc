#include "railgund/base/file.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace railgun {
namespace {

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "railgun-file-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return folder_ / name; }
  std::string written(const char* name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  std::filesystem::path folder_;
};

TEST_F(Files, AreReadUpToTheBound) {
  const std::string five = written("five", std::string("a\0b\n\xff", 5));
  EXPECT_EQ(read_file(five, 5).value(), std::string("a\0b\n\xff", 5));
  EXPECT_EQ(read_file(five, 4).error().code, Errc::kTooLarge);
  EXPECT_EQ(read_start_of_file(five, 3).value(), std::string("a\0b", 3));
  EXPECT_EQ(read_file(written("empty", ""), 0).value(), "");
  EXPECT_EQ(read_start_of_file("/proc/self/cmdline", 3).value().size(), 3U);
}

TEST_F(Files, ErrorsNameTheFile) {
  const std::string missing = path("missing");
  EXPECT_EQ(read_file(missing, 9).error().code, Errc::kNotFound);
  EXPECT_EQ(read_file(missing, 9).error().text, missing + ": no such file");
  EXPECT_EQ(read_file(folder_, 9).error().code, Errc::kInvalid);
  EXPECT_EQ(replace_file(path("none/file"), "x").error().code, Errc::kNotFound);
}

TEST_F(Files, APipeIsReadToItsEnd) {
  const std::string pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe, 9).value(), "");  // nobody writes: does not wait
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([&] {
    ASSERT_EQ(::write(ends[1], "hello", 5), 5);
    ::close(ends[1]);
  });
  EXPECT_EQ(read_file("/proc/self/fd/" + std::to_string(ends[0]), 9).value(), "hello");
  writer.join();
  ::close(ends[0]);
}

TEST_F(Files, AreReplacedAsAWhole) {
  const std::string file = written("key", "old and longer");
  std::ofstream(file + ".new") << "left by a crash";
  ASSERT_TRUE(replace_file(file, "new"));
  EXPECT_EQ(read_file(file, 99).value(), "new");
  EXPECT_FALSE(std::filesystem::exists(file + ".new"));
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Files, AFailedReplacementLeavesTheOldFile) {
  std::filesystem::create_directory(path("busy"));
  EXPECT_FALSE(replace_file(path("busy"), "x"));  // a folder is in the way of the rename
  EXPECT_TRUE(std::filesystem::is_directory(path("busy")));
  EXPECT_FALSE(std::filesystem::exists(path("busy.new")));
}

}  // namespace
}  // namespace railgun
