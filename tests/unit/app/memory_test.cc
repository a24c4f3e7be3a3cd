#include "railgund/app/memory.h"

#include <gtest/gtest.h>

#include "tests/unit/temporary_folder.h"

namespace railgun::app {
namespace {

// A tree of files such as /proc and /sys have.
class Root {
 public:
  void write(const std::string& file, const std::string& text) const { folder_.write(file.substr(1), text); }
  std::string path() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST(Memory, KnowsNothingWithoutTheFiles) {
  const Root root;
  EXPECT_EQ(usable_bytes(root.path()), 0u);
}

TEST(Memory, IsTheMachinesWithoutALimit) {
  const Root root;
  root.write("/proc/meminfo", "MemTotal:        1000 kB\nMemFree:         10 kB\n");
  EXPECT_EQ(usable_bytes(root.path()), 1'024'000u);
  root.write("/proc/self/cgroup", "0::/a/b\n");
  root.write("/sys/fs/cgroup/a/memory.max", "max\n");
  EXPECT_EQ(usable_bytes(root.path()), 1'024'000u);
}

TEST(Memory, IsThatOfTheSmallestCgroupAbove) {
  const Root root;
  root.write("/proc/meminfo", "MemTotal:        1000 kB\n");
  root.write("/proc/self/cgroup", "0::/a/b\n");
  root.write("/sys/fs/cgroup/a/memory.max", "300000\n");
  root.write("/sys/fs/cgroup/a/b/memory.max", "400000\n");
  EXPECT_EQ(usable_bytes(root.path()), 300'000u);
}

// In a container the path is that of the host.
TEST(Memory, ReadsTheMountsOwnLimit) {
  const Root root;
  root.write("/proc/meminfo", "MemTotal:        1000 kB\n");
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/memory.max", "200000\n");
  EXPECT_EQ(usable_bytes(root.path()), 200'000u);
}

TEST(Memory, ReadsCgroupsOfVersion1) {
  const Root root;
  root.write("/proc/meminfo", "MemTotal:        1000 kB\n");
  root.write("/proc/self/cgroup", "7:cpu,cpuacct:/x\n4:memory:/a\n");
  root.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "100000\n");
  EXPECT_EQ(usable_bytes(root.path()), 100'000u);
}

TEST(Memory, LimitIsAtMostHalfOfWhatIsThere) {
  EXPECT_EQ(applied_limit(256, 0), 256u);
  EXPECT_EQ(applied_limit(256, 512), 256u);
  EXPECT_EQ(applied_limit(256, 300), 150u);
}

TEST(Memory, ReadsItsOwnSize) { EXPECT_GT(resident_bytes(), 100'000u); }

}  // namespace
}  // namespace railgun::app
