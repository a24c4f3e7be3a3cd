#include "railgund/app/handover.h"

#include <csignal>
#include <fstream>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "railgund/app/cache_file.h"
#include "railgund/app/snapshot_intake.h"

#include "../eventually.h"
#include "../temporary_folder.h"

namespace railgun::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRoom = 4 << 20;
using test::eventually;
using test::kTimeout;

Id128 name(int number) { return hash128(as_bytes(std::to_string(number))); }
page::PageKeys keys(int number) { return page::page_keys(true, "example.com", "/" + std::to_string(number), {}, {}); }
void insert(page::Cache& cache, int number, std::size_t bytes = 2000) {
  cache.insert(std::make_shared<const page::Version>(name(number), Bytes(bytes, static_cast<std::uint8_t>(number)),
                                                     page::Keep::kStoreToo),
               keys(number));
}
bool has(page::Cache& cache, int number) { return cache.kept(name(number)).has_value(); }

struct Pipe {
  Descriptor reading, writing;
};
Pipe make_pipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

TEST(Handover, GivesAllAndThenWhatComesMeanwhile) {
  page::Cache before(kRoom), after(kRoom);
  for (int i = 0; i < 100; ++i) insert(before, i);
  Pipe pipe = make_pipe();
  std::mutex mutex;
  std::string statistics;
  const SnapshotIntake intake(after, std::move(pipe.reading),
                              {.where = "a test", .page_limit_bytes = 10'000, .on_statistics = [&](std::string text) {
                                 const std::scoped_lock lock(mutex);
                                 statistics = std::move(text);
                               }});
  const auto told = [&](const std::string& text) {
    return eventually([&] {
      const std::scoped_lock lock(mutex);
      return statistics == text;
    });
  };
  std::optional<Handover> handover;
  handover.emplace(before, std::move(pipe.writing));
  handover->give_statistics("first");
  EXPECT_TRUE(told("first"));
  EXPECT_TRUE(eventually([&] { return intake.is_complete(); }));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(has(after, i)) << i;
  insert(before, 100);
  EXPECT_TRUE(eventually([&] { return has(after, 100); }));
  // What is there when the process ends arrives all the same.
  insert(before, 101);
  handover->give_statistics("last");
  handover.reset();
  EXPECT_TRUE(told("last"));
  EXPECT_TRUE(eventually([&] { return has(after, 101); }));
}

TEST(Handover, LeavesOutPagesThatAreTooLarge) {
  page::Cache before(kRoom), after(kRoom);
  insert(before, 1);
  insert(before, 2, 50'000);
  Pipe pipe = make_pipe();
  const Handover handover(before, std::move(pipe.writing));
  const SnapshotIntake intake(after, std::move(pipe.reading), {.where = "a test", .page_limit_bytes = 10'000});
  EXPECT_TRUE(eventually([&] { return intake.is_complete(); }));
  EXPECT_TRUE(has(after, 1));
  EXPECT_FALSE(has(after, 2));
}

TEST(Handover, EndsWhenTheSuccessorDoesNotReadOrIsGone) {
  std::signal(SIGPIPE, SIG_IGN);
  page::Cache cache(kRoom);
  for (int i = 0; i < 500; ++i) insert(cache, i);
  for (const bool is_gone : {false, true}) {
    Pipe pipe = make_pipe();
    {
      const Handover handover(cache, std::move(pipe.writing));
      if (is_gone) pipe.reading.reset();
    }  // within Handover::kLastWrites
  }
}

TEST(SnapshotIntake, EndsAtOnceWhileNothingComes) {
  page::Cache cache(kRoom);
  Pipe pipe = make_pipe();
  {
    const SnapshotIntake intake(cache, std::move(pipe.reading), {.where = "a test", .page_limit_bytes = 10'000});
    EXPECT_FALSE(intake.is_complete());
  }
}

class CacheFileTest : public testing::Test {
 protected:
  std::string folder() const { return folder_.path().string(); }
  test::TemporaryFolder folder_;
};

TEST_F(CacheFileTest, IsReadAsItWasWritten) {
  page::Cache before(kRoom), after(kRoom);
  for (int i = 0; i < 20; ++i) insert(before, i);
  const auto saved = save_cache(before, folder(), kRoom, kTimeout);
  ASSERT_TRUE(saved) << saved.error().text;
  EXPECT_EQ(saved->versions, 20u);
  struct stat facts{};
  ASSERT_EQ(stat(cache_file(folder()).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(static_cast<std::size_t>(facts.st_size), saved->bytes);
  auto file = open_cache_file(folder());
  ASSERT_TRUE(file);
  const SnapshotIntake intake(after, std::move(*file), {.where = "a file", .page_limit_bytes = 10'000});
  EXPECT_TRUE(eventually([&] { return intake.is_complete(); }));
  EXPECT_EQ(after.counters().versions, 20u);
}

TEST_F(CacheFileTest, HasTheNewestWhereNotAllFit) {
  page::Cache before(kRoom), after(kRoom);
  for (int i = 0; i < 20; ++i) insert(before, i);
  const auto saved = save_cache(before, folder(), 2000, kTimeout);
  ASSERT_TRUE(saved);
  EXPECT_LT(saved->versions, 20u);
  auto file = open_cache_file(folder());
  ASSERT_TRUE(file);
  const SnapshotIntake intake(after, std::move(*file), {.where = "a file", .page_limit_bytes = 10'000});
  EXPECT_TRUE(eventually([&] { return intake.is_complete(); }));
  EXPECT_TRUE(has(after, 19));
  EXPECT_FALSE(has(after, 0));
  EXPECT_EQ(save_cache(before, folder(), kRoom, 0s)->versions, 0u);
}

TEST_F(CacheFileTest, IsNotReadIfOthersMayHaveWrittenIt) {
  EXPECT_EQ(open_cache_file(folder()).error().code, Errc::kNotFound);
  const std::string path = cache_file(folder());
  std::ofstream(path) << "text";
  chmod(path.c_str(), 0620);
  EXPECT_EQ(open_cache_file(folder()).error().code, Errc::kDenied);
  chmod(path.c_str(), 0600);
  EXPECT_TRUE(open_cache_file(folder()));
  unlink(path.c_str());
  ASSERT_EQ(symlink("/etc/hostname", path.c_str()), 0);
  EXPECT_EQ(open_cache_file(folder()).error().code, Errc::kDenied);
  const page::Cache cache(kRoom);
  EXPECT_EQ(save_cache(cache, folder() + "/missing", kRoom, kTimeout).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace railgun::app
