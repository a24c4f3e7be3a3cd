// Listening sockets from before: from systemd (socket activation), or from the railgund that this one replaces.
#pragma once

#include <string>
#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/net/descriptor.h"

namespace railgun::app {

class Inheritance {
 public:
  // Takes what the environment names, once in a process.
  static Inheritance take();

  // The socket that listens on the endpoint's port, and its address if that names one, or on its path; empty if there is
  // none.
  net::Descriptor take_listening(const Endpoint& endpoint);

 private:
  std::vector<net::Descriptor> sockets_;
};

// Starts the program `arguments` names first, from its file as it is now, with these sockets, and the reading end of a
// pipe for take_snapshot_pipe(). Gives its process id. Once it serves it calls dismiss_predecessor(); if it does not come
// up, nothing has changed. Errors: kUnavailable.
Result<int> start_successor(const std::vector<int>& listening, int snapshot_pipe,
                            const std::vector<std::string>& arguments);

// Where a successor reads what its predecessor knows (app/handover.h), once in a process; empty: nowhere.
net::Descriptor take_snapshot_pipe();

// Whether that process is there, and not only waits for its parent to take note of its end.
bool is_running(int process);

// Whether a process started this one as its successor, and was not dismissed yet.
bool is_successor();

// Ends (SIGTERM: a drain) the process that started this one as its successor, if one did.
void dismiss_predecessor();

}  // namespace railgun::app
