// Everything that the settings stats.… turn on: gathers the numbers, keeps the last hour, serves, posts and logs them.
// On the main loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "railgund/app/statistics.h"
#include "railgund/app/statistics_history.h"
#include "railgund/app/statistics_post.h"
#include "railgund/app/statistics_server.h"
#include "railgund/net/event_loop.h"

namespace railgun::app {

class Server;

class StatisticsService {
 public:
  // Opens what the settings name, and goes on trying where that fails. `server` outlives it.
  explicit StatisticsService(Server& server);
  ~StatisticsService();

  // What has been counted, without links.
  Totals totals();
  // The same with links, which the workers are asked for: `done` is called later, on the loop.
  void gather(std::function<void(const Totals&)> done);

  // What is wrong with stats.url, or empty.
  const std::string& post_trouble() const { return post_trouble_; }

  // The endpoint is for another process from now on, and so are posts and log lines.
  void make_way();

 private:
  void open();
  void answer(Wanted wanted, const StatisticsServer::Done& done);
  void tick();
  void sample(Instant now);
  void report();
  void post(std::string body);
  Result<void> prepare_context();
  void take_outcome(const Result<void>& outcome, const std::string& where);

  Server& server_;
  std::unique_ptr<StatisticsServer> listening_;
  bool told_ = false;  // that the endpoint cannot be opened
  net::Timer retry_;
  net::Timer tick_;

  StatisticsHistory history_;
  Instant next_sample_{};
  bool sampling_ = false;  // the workers have been asked

  Instant last_report_{};
  bool reported_ = false;
  net::Resolver resolver_;
  std::unique_ptr<StatisticsPost> post_;
  std::string post_trouble_;
  // For HTTPS: made of the bundle of authorities, which takes milliseconds, so it is kept while it serves.
  tls::ContextPtr post_context_;
  std::string post_bundle_;

  // Reading the allocator's numbers is dear: they are kept for a moment.
  Totals memory_;
  Instant memory_read_{};
  // Late answers find out through it that this is gone.
  std::shared_ptr<StatisticsService*> self_;
};

}  // namespace railgun::app
