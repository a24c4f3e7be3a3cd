// Executes the commands of the control socket, and owns what serves operators: activation and the statistics.
#pragma once

#include <memory>
#include <string>

#include "railgund/app/control_server.h"

namespace railgun::app {

class Server;

class Operations {
 public:
  // Opens what the settings name, and goes on trying where that fails: a daemon that serves must not end because it
  // cannot be looked at. `server` outlives it. `last_panic`: log::panic_summary() of the run before, if it crashed.
  Operations(Server& server, std::string last_panic);
  ~Operations();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::app
