// What activation needs from the daemon that it runs in. Called on the main loop.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/config/config.h"

namespace railgun::activation {

class Daemon {
 public:
  virtual ~Daemon() = default;
  // The settings in force.
  virtual config::ConfigPtr settings() const = 0;
  // Loads the certificates again, after files of the state directory have changed. Errors: what is wrong with which.
  virtual Result<void> reload_trust() = 0;
  // Serves these sites beside those of the settings, now and after each reload, and rejects links whose peer's
  // certificate has one of these serial numbers. Errors: as reload_trust().
  virtual Result<void> set_registered(std::vector<config::Site> sites, std::set<std::string> revoked_serials) = 0;
  // Closes the links with this peer, or with one whose certificate names this host.
  virtual void cut_links(const std::string& peer) = 0;
};

}  // namespace railgun::activation
