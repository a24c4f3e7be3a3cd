#include "railgund/proxy/driver.h"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using std::chrono::seconds;

// Does what the tests tell it to, and writes down what it is told.
struct ScriptedCore {
  std::deque<Effect> effects;
  Instant next = kNever;
  std::vector<std::string> told;

  void closed(ConnectionId id, const Error& error, Instant) {
    told.push_back("closed " + std::to_string(static_cast<std::uint64_t>(id)) + " " + error.text);
    effects.push_back(LogLine{LogLevel::kError, "after closed"});
    next = Instant(seconds(7));
  }
  ConnectionId accepted(const Incoming& incoming, Instant) {
    told.push_back("accepted " + incoming.peer);
    effects.push_back(WantWrite{ConnectionId{9}});
    return ConnectionId{9};
  }
  std::size_t pull(ConnectionId, Bytes& to, std::size_t most, Instant) {
    to.assign(std::min<std::size_t>(most, 3), 'x');
    effects.push_back(Close{.connection = ConnectionId{9}, .final_bytes = {}});
    return to.size();
  }
  void on_deadline(Instant now) { told.push_back(now == Instant(seconds(5)) ? "deadline at 5" : "deadline"); }
  std::optional<Effect> poll() {
    if (effects.empty()) return std::nullopt;
    Effect effect = std::move(effects.front());
    effects.pop_front();
    return effect;
  }
  Instant deadline() const { return next; }
};

Dial dial(std::uint64_t id) {
  return {
      .connection = ConnectionId{id}, .kind = ConnectionKind::kLink, .endpoint = {}, .server_name = {}, .deadline = {}};
}

// Dials fail at once, from inside perform().
struct FailingShell {
  std::vector<std::string> done{};
  std::vector<Instant> deadlines{};
  Driver<ScriptedCore, FailingShell>* driver = nullptr;
  std::vector<ConnectionId> attached{};

  Instant now() const { return Instant(seconds(5)); }
  void perform(const Dial& dial) {
    done.push_back("dial");
    driver->closed(dial.connection, {Errc::kUnavailable, "refused"});
    done.push_back("dialled");
  }
  void perform(WantWrite want) { done.push_back(attached.empty() ? "write too early" : "write"), (void)want; }
  void perform(SetReading) { done.push_back("reading"); }
  void perform(EndOutput) { done.push_back("end"); }
  void perform(const Close&) { done.push_back("close"); }
  void perform(const StoreGet&) { done.push_back("get"); }
  void perform(const ChallengeGet&) { done.push_back("challenge"); }
  void perform(const StorePut&) { done.push_back("put"); }
  void perform(const Prepare&) { done.push_back("prepare"); }
  void perform(const RefreshDictionary&) { done.push_back("refresh"); }
  void perform(const LogAccess&) { done.push_back("access"); }
  void perform(const LogLine& line) { done.push_back(line.text); }
  void set_deadline(Instant when) { deadlines.push_back(when); }
};

struct Pair {
  FailingShell shell;
  Driver<ScriptedCore, FailingShell> driver{shell, std::make_unique<ScriptedCore>()};
  Pair() { shell.driver = &driver; }
};

TEST(Driver, CarriesOutEffectsInOrderThoughOneOfThemCallsBack) {
  Pair pair;
  pair.driver.core().effects = {dial(4), LogLine{LogLevel::kError, "second"}};
  pair.driver.settle();
  EXPECT_EQ(pair.driver.core().told, std::vector<std::string>{"closed 4 refused"});
  EXPECT_EQ(pair.shell.done, (std::vector<std::string>{"dial", "dialled", "second", "after closed"}));
}

TEST(Driver, SetsTheTimerOnceTheCoreHasSettled) {
  Pair pair;
  pair.driver.core().effects = {dial(4)};
  pair.driver.settle();
  EXPECT_EQ(pair.shell.deadlines, std::vector<Instant>{Instant(seconds(7))});
  pair.driver.on_deadline();
  EXPECT_EQ(pair.driver.core().told.back(), "deadline at 5");
}

TEST(Driver, AttachesAConnectionBeforeItsFirstEffect) {
  Pair pair;
  pair.driver.accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, [&](ConnectionId id) {
    EXPECT_TRUE(pair.shell.done.empty());
    pair.shell.attached.push_back(id);
  });
  EXPECT_EQ(pair.shell.attached, std::vector<ConnectionId>{ConnectionId{9}});
  EXPECT_EQ(pair.shell.done, std::vector<std::string>{"write"});
}

TEST(Driver, LeavesACloseThatFollowsAPullUntilTheBytesAreOnTheirWay) {
  Pair pair;
  Bytes bytes;
  EXPECT_EQ(pair.driver.pull(ConnectionId{9}, bytes, 100), 3U);
  EXPECT_EQ(bytes.size(), 3U);
  EXPECT_TRUE(pair.shell.done.empty());
  pair.driver.settle();
  EXPECT_EQ(pair.shell.done, std::vector<std::string>{"close"});
}

TEST(Driver, KnowsWhichCoresWantMeasurements) { EXPECT_FALSE((Driver<ScriptedCore, FailingShell>::kMeasuresLinks)); }

}  // namespace
}  // namespace railgun::proxy
