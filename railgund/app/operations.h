// Executes the commands of the control socket, and owns what serves operators: activation and the statistics.
#pragma once

#include <memory>
#include <string>

#include "railgund/app/control_server.h"

namespace railgun::app {

class Lifecycle;
class Server;

class Operations {
 public:
  // Opens what the settings name, and retries where that fails: a daemon that serves must not end because its control
  // socket or statistics cannot be opened. Both outlive it. `last_panic`: log::panic_summary() of the run before, if it crashed.
  Operations(Server& server, Lifecycle& lifecycle, std::string last_panic);
  ~Operations();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::app
