#include "railgund/activation/state_file.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace railgun::activation {
namespace {

class StateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "railgun-state-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(StateFileTest, IsReplacedAsAWholeAndReadableByItsOwnerAlone) {
  const std::string path = folder_ + "/registry.json";
  EXPECT_EQ(read_state_file(path).error().code, Errc::kNotFound);
  ASSERT_TRUE(write_state_file(path, "one, and longer\n").has_value());
  ASSERT_TRUE(write_state_file(path, "two\n").has_value());
  EXPECT_EQ(read_state_file(path).value(), "two\n");
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(StateFileTest, CannotBeWrittenInAFolderThatIsNotThere) {
  const auto written = write_state_file(folder_ + "/none/registry.json", "one\n");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace railgun::activation
