#include "railgund/app/challenge_file.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/temporary_folder.h"

namespace railgun::app {
namespace {

class Challenge : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { temporary.write(name, text); }
  std::string read(const std::string& token) {
    const auto content = read_challenge(folder, token);
    return content ? std::string(as_text(*content)) : "none";
  }
  const test::TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
};

TEST_F(Challenge, IsInTheFolderOrWhereAWebRootHasIt) {
  write("one", "first");
  write(".well-known/acme-challenge/two", "second");
  EXPECT_EQ(read("one"), "first");
  EXPECT_EQ(read("two"), "second");
  EXPECT_EQ(read("three"), "none");
}

TEST_F(Challenge, IsAPlainSmallFile) {
  write("large", std::string(4097, 'x'));
  write("full", std::string(4096, 'x'));
  write("sub/file", "x");
  std::filesystem::create_symlink("/etc/passwd", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const char* const token : {"large", "sub", "link", "pipe"}) EXPECT_EQ(read(token), "none") << token;
  EXPECT_EQ(read("full").size(), 4096U);
}

}  // namespace
}  // namespace railgun::app
