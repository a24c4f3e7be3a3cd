#include "railgund/log/panic.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gtest/gtest.h>

#include "railgund/base/check.h"
#include "railgund/log/panic_report.h"

namespace railgun::log {
namespace {

class Panic : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    file = folder / "panic.log";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void install() const {
    if (!install_panic_reporter({.file = file, .version = "1.2.3"})) std::_Exit(1);
  }

  std::filesystem::path folder, file;
};

[[gnu::noinline]] void fail_deeply() {
  std::raise(SIGSEGV);
  asm volatile("");  // not a tail call: the frame is looked for
}

TEST_F(Panic, ReportsToTheFileOfThatNameAfterARotation) {
  EXPECT_EXIT(
      {
        install();
        std::filesystem::rename(file, folder / "panic.log.1");
        if (!reopen_panic_file(file)) std::_Exit(1);
        fail_deeply();
      },
      testing::KilledBySignal(SIGSEGV), "");
  EXPECT_TRUE(take_panic_report(file));
  EXPECT_FALSE(take_panic_report(folder / "panic.log.1"));
}

TEST_F(Panic, KeepsTheOldFileWhereTheNewOneCannotBeOpened) {
  EXPECT_EXIT(
      {
        install();
        if (reopen_panic_file(folder / "no" / "folder")) std::_Exit(1);
        fail_deeply();
      },
      testing::KilledBySignal(SIGSEGV), "");
  EXPECT_TRUE(take_panic_report(file));
}

TEST_F(Panic, TellsSignalVersionRequestAndPlace) {
  EXPECT_EXIT(
      {
        install();
        static const std::atomic<std::uint64_t> number = 4711;
        watch_requests(&number, [](std::uint64_t, char* to, std::size_t) noexcept {
          std::memcpy(to, "151df128a1", 10);
          return std::size_t{10};
        });
        fail_deeply();
      },
      testing::KilledBySignal(SIGSEGV), "");
  const auto report = take_panic_report(file);
  ASSERT_TRUE(report);
  for (const char* const part : {"signal: SIGSEGV (11)\n", "version: 1.2.3\n", "last request: 151df128a1\n",
                                 "\nregisters: ", "\n#0 0x", "fail_deeply", "\nthread: ", "\naddress: "}) {
    EXPECT_NE(report->find(part), std::string::npos) << part << "\n" << *report;
  }
  EXPECT_NE(report->find("unit_log+0x"), std::string::npos) << *report;
  const std::string summary = panic_summary(*report);
  EXPECT_TRUE(summary.starts_with("SIGSEGV at address 0x")) << summary;
  EXPECT_NE(summary.find(", request 151df128a1, "), std::string::npos) << summary;
}

TEST(PanicSummary, NamesTheFunctionTheCheckOrTheException) {
  const std::string head =
      "time: 2026-11-22T20:00:00Z\nversion: 1.2.3\nbuild id: ab\nsignal: SIGSEGV (11)\n"
      "address: 0x0\nprocess: 1\nthread: 12 worker 1\nlast request: none\n";
  const std::string frames =
      "registers: rip=0x55aa rsp=0x1\n#0 0x11 railgund+0x1 report+0x2\n"
      "#1 0x55aa railgund+0x22 _ZN7railgun3log5levelEv+0x3\n#2 0x77 libc.so.6+0x5\n";
  EXPECT_EQ(panic_summary(head + frames),
            "SIGSEGV at address 0x0 in railgun::log::level(), thread 12 worker 1, request none, 2026-11-22T20:00:00Z, "
            "version 1.2.3");
  EXPECT_TRUE(
      panic_summary(head + "check: a == b at f.cc:7\n" + frames).starts_with("failed check a == b at f.cc:7, "));
  EXPECT_TRUE(panic_summary(head + "exception: no\n" + frames).starts_with("exception 'no', thread 12"));
  panic_summary("");
}

[[gnu::noinline]] void throw_it() { throw std::runtime_error("nobody caught me"); }

TEST_F(Panic, AFailedCheckAndAnUncaughtExceptionReportToo) {
  EXPECT_EXIT(
      {
        install();
        RAILGUN_CHECK(file.empty());
      },
      testing::KilledBySignal(SIGABRT), "");
  const auto report = take_panic_report(file);
  EXPECT_NE(report->find("signal: SIGABRT"), std::string::npos);
  EXPECT_NE(report->find("\ncheck: file.empty() at "), std::string::npos) << *report;
  EXPECT_EXIT(
      {
        install();
        []() noexcept { throw_it(); }();
      },
      testing::KilledBySignal(SIGABRT), "");
  EXPECT_NE(take_panic_report(file)->find("exception: nobody caught me\n"), std::string::npos);
}

[[gnu::noinline]] int overflow(volatile int* from) {
  volatile int here[256] = {*from};
  if (here[0] == 1) return 0;  // never, but compilers need not know
  return overflow(here) + here[1];
}

TEST_F(Panic, AnOverflownStackReportsFromItsOwn) {
  EXPECT_EXIT(
      {
        install();
        int start = 0;
        overflow(&start);
      },
      testing::KilledBySignal(SIGSEGV), "");
  EXPECT_NE(take_panic_report(file)->find("overflow"), std::string::npos);
}

TEST_F(Panic, AReportIsTakenOnceAndTheNextOneAgain) {
  EXPECT_FALSE(take_panic_report(file));
  std::ofstream(file) << "some library's words\n";
  EXPECT_FALSE(take_panic_report(file));
  std::ofstream(file, std::ios::app) << "==== railgund panic ====\nfirst\n";
  EXPECT_EQ(take_panic_report(file), "first\n");
  EXPECT_FALSE(take_panic_report(file));
  std::ofstream(file, std::ios::app) << "==== railgund panic ====\nsecond\n";
  EXPECT_EQ(take_panic_report(file), "second\n");
  EXPECT_FALSE(take_panic_report(file));
}

TEST_F(Panic, AFileThatCannotBeOpenedIsNamed) {
  const Result<void> result = install_panic_reporter({.file = folder / "no" / "folder", .version = ""});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find("stderr.file"), std::string::npos);
}

}  // namespace
}  // namespace railgun::log
