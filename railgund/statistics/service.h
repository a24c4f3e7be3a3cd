// Everything that the settings stats.… turn on: gathers the numbers, keeps the last hour, serves, posts and logs them.
// On the main loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/net/alive.h"
#include "railgund/net/event_loop.h"
#include "railgund/statistics/carried.h"
#include "railgund/statistics/history.h"
#include "railgund/statistics/post.h"
#include "railgund/statistics/server.h"
#include "railgund/statistics/source.h"
#include "railgund/statistics/totals.h"

namespace railgun::statistics {

class Service {
 public:
  // Opens what the settings name, and retries where that fails. `source` outlives it.
  Service(net::EventLoop& loop, Source& source);

  // What has been counted, without the links.
  Totals totals();
  // The same with links, which the workers are asked for: `done` is called later, on the loop.
  void gather(std::function<void(const Totals&)> done);

  // For the successor of this process, and of the process before (statistics/carried.h). What that has counted is added
  // to what this one counts; a later text replaces an earlier one. With the first comes the last hour.
  std::string carried();
  void take_over(std::string_view carried);

  // Why posting to stats.url fails, or empty.
  const std::string& post_failure() const { return post_failure_; }

  // Closes the endpoint and stops posts and log lines: another process takes over.
  void release_endpoints();

 private:
  void open();
  void answer(Resource resource, const Server::Done& done);
  void tick();
  void sample(Instant now);
  void report();
  void post(std::string body);
  Result<void> prepare_context();
  void report_post(const Result<void>& outcome, const std::string& where);

  net::EventLoop& loop_;
  Source& source_;
  std::unique_ptr<Server> listening_;
  bool open_failure_logged_ = false;
  net::Timer retry_;
  net::Timer tick_;

  History history_;
  std::optional<Carried> carried_;  // from the process before
  Instant next_sample_{};
  bool sampling_ = false;  // the workers have been asked

  Instant last_report_{};
  bool reported_ = false;
  net::Resolver resolver_;
  std::unique_ptr<Post> post_;
  std::string post_failure_;
  // For HTTPS: made of the bundle of authorities, which takes milliseconds, so it is kept while it serves.
  tls::ContextPtr post_context_;
  std::string post_bundle_;

  // Reading these takes milliseconds, so they are kept for a second.
  MemoryUse memory_;
  Instant memory_read_{};
  net::Alive<Service> alive_{*this};
};

}  // namespace railgun::statistics
