// Those at the outer ends: web clients that check every byte they get, and an origin that remembers every byte it sent.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "railgund/http/client_connection.h"
#include "railgund/http/server_connection.h"

#include "world.h"

namespace railgun::sim {

// What the origin has sent, by the number in its X-Answer field.
struct Ledger {
  std::map<std::uint64_t, std::string> answers;
  std::uint64_t next = 1;
};

// A web server whose pages change a little all the time. Pages whose addresses are the same from "/same/" on are the same,
// and never change.
class Origin {
 public:
  Origin(World& world, Ledger& ledger) : world_(world), ledger_(ledger) {}
  void accept(PipePtr pipe);

  bool breaks_off = false;  // now and then, in the middle of an answer
  bool pauses = true;       // between the pieces of an answer

 private:
  struct Visit;
  std::string page(const std::string& target);
  void answer(const std::shared_ptr<Visit>& visit, const http::Request& request);
  void send_pieces(const std::shared_ptr<Visit>& visit, std::string body, bool breaks);
  void flush(const std::shared_ptr<Visit>& visit);

  World& world_;
  Ledger& ledger_;
};

struct Outcome {
  enum class Kind { kRight, kError, kCut, kWrong, kStalled };
  Kind kind = Kind::kStalled;
  std::string text;  // of what is wrong
  bool was_delta = false;
};

// How a client behaves.
struct Manners {
  bool is_slow = false;          // stands still after each piece
  bool is_old = false;           // speaks HTTP/1.0, so that the end of the connection ends a body of unknown length
  bool half_closes = false;      // ends its direction as soon as it has asked
  std::string cookie{};          // empty: none
  std::size_t leaves_after = 0;  // leaves when it has so many bytes of the body; 0: stays
  Duration silence{};            // reads nothing for so long after its first bytes; longer than it waits: it leaves
};

// One request of one client, on a connection of its own.
class Visitor : public std::enable_shared_from_this<Visitor> {
 public:
  Visitor(World& world, const Ledger& ledger, std::string method, std::string target, Manners manners)
      : world_(world),
        ledger_(ledger),
        method_(std::move(method)),
        target_(std::move(target)),
        manners_(manners),
        http_({}, world.now) {}
  void start(PipePtr pipe);
  bool is_done() const { return done_; }
  const Outcome& outcome() const { return outcome_; }
  const std::string& target() const { return target_; }
  // For the report of a stall.
  std::string state() const {
    return method_ + (manners_.is_slow ? " slow" : "") + (manners_.is_old ? " 1.0" : "") +
           (manners_.half_closes ? " half closed" : "") + (manners_.silence > Duration{} ? " silent" : "") +
           ", status " + std::to_string(response_.status) + ", " + std::to_string(body_.size()) + " bytes";
  }
  std::string header() const { return std::string(field_value(response_.fields, "Cf-Railgun")); }

 private:
  void step();
  void read_on_after(Duration pause);
  void judge();
  void finish(Outcome::Kind kind, std::string text = {});

  World& world_;
  const Ledger& ledger_;
  std::string method_, target_;
  Manners manners_;
  bool half_closed_ = false;
  bool asked_ = false;  // a byte of the request was sent
  http::ClientConnection http_;
  PipePtr pipe_;
  std::string upload_;
  http::Response response_;
  std::string body_;
  bool ended_ = false;
  bool done_ = false;
  Outcome outcome_;
};

}  // namespace railgun::sim
