// Runs a core for a shell: passes inputs to the core, has the shell carry out the core's effects, keeps the shell's
// timer at the core's deadline. The daemon (app/drive.h) and the simulator (tests/sim/host.h) are two shells of this
// one driver, so the simulator tests the loop that ships.
//
// A Shell has
//   Instant now() const;                 the time of the inputs
//   void perform(E effect);              one overload for each alternative of Effect: a new effect does not compile
//                                        until every shell carries it out
//   void set_deadline(Instant when);     on_deadline() is to be called then; kNever: not at all
//
// perform() may call back into the driver, as a dial that fails at once does: the outermost call carries out all
// effects, in order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/link_speed.h"

namespace railgun::proxy {

template <typename Core, typename Shell>
class Driver {
 public:
  // The shell outlives the driver. It calls settle() once it can perform effects.
  Driver(Shell& shell, std::unique_ptr<Core> core) : shell_(shell), core_(std::move(core)) {}

  // After calls to the core that are not listed below: settle().
  Core& core() { return *core_; }
  const Core& core() const { return *core_; }

  void settle() {
    if (settling_) return;
    settling_ = true;
    while (std::optional<Effect> effect = core_->poll()) {
      std::visit([this](auto& wanted) { shell_.perform(std::move(wanted)); }, *effect);
    }
    settling_ = false;
    shell_.set_deadline(core_->deadline());
  }

  // A connection has come in. `attach` is told its id before any effect for it is performed.
  template <typename Attach>
  void accepted(Incoming incoming, Attach attach) {
    attach(core_->accepted(std::move(incoming), shell_.now()));
    settle();
  }
  void connected(ConnectionId id, Established established) {
    core_->connected(id, std::move(established), shell_.now());
    settle();
  }
  void receive(ConnectionId id, ByteView bytes) {
    core_->receive(id, bytes, shell_.now());
    settle();
  }
  void receive_end(ConnectionId id) {
    core_->receive_end(id, shell_.now());
    settle();
  }
  void closed(ConnectionId id, const Error& error) {
    core_->closed(id, error, shell_.now());
    settle();
  }
  // The caller settles once the bytes are on their way: a Close that follows must not overtake them.
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most) { return core_->pull(id, to, most, shell_.now()); }
  void store_answer(TicketId ticket, std::optional<Bytes> item) {
    core_->store_answer(ticket, std::move(item), shell_.now());
    settle();
  }
  void on_deadline() {
    core_->on_deadline(shell_.now());
    settle();
  }

  // Whether the core takes measured(): a measurement costs the shell a system call.
  static constexpr bool kMeasuresLinks =
      requires(Core core, ConnectionId id, const LinkRate& rate) { core.measured(id, rate); };
  void measured(ConnectionId id, const LinkRate& rate)
    requires kMeasuresLinks
  {
    core_->measured(id, rate);
  }

 private:
  Shell& shell_;
  std::unique_ptr<Core> core_;
  bool settling_ = false;
};

}  // namespace railgun::proxy
