// One thread with a loop, a core and its drive. All calls but the constructor's may come from any thread: they are
// handed to the worker's loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "railgund/app/drive.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/status.h"

namespace railgun::app {

struct WorkerSettings {
  config::ConfigPtr config;
  TrustPtr trust;
  page::Cache& cache;
  dictionary::Shelf& shelf;
  memcached::Client* store;  // null: none
  Preparer& preparer;
  ByteView reference_key;  // a listener's
  std::string build;       // four hex digits
  std::uint64_t first_request;
  Bytes compression_key;  // a sender's
  net::DescriptorBudget& descriptors;
  AccessLog& access_log;
  std::size_t link_handshakes, tls_handshakes;  // its parts of the settings
};

class Worker {
 public:
  explicit Worker(const WorkerSettings& settings);
  ~Worker();
  // Ends the thread, whatever it is doing. What is posted afterwards is dropped.
  void stop();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `client`: of a client; see Drive::accept().
  void accept(proxy::ConnectionKind kind, net::Descriptor socket, const net::SocketAddress& peer,
              std::optional<AcceptedClient> client);
  // `store`: null if there is none any more.
  void configure(config::ConfigPtr config, TrustPtr trust, memcached::Client* store);
  // The page cache's shortage is another one.
  void shortage_changed();
  // `timeout`: for those who do not know of it yet (proxy/sender.h, proxy/listener.h).
  void drain(Duration timeout);
  // Everything has ended and all bytes have been taken.
  bool is_drained() const { return drained_; }
  void cut_links(std::string peer);
  // `done` is called on the worker's thread.
  void report_links(std::function<void(std::vector<proxy::LinkStatus>)> done);

  const proxy::Counters& counters() const { return counters_; }
  // Stands still while the loop is stuck.
  std::uint64_t turns() const { return loop_.turns(); }
  // Makes the loop turn, so that turns() tells.
  void nudge();
  // On the worker's thread.
  void run(std::function<void()> work) { loop_.post(std::move(work)); }

 private:
  template <typename Work>
  void on_drive(Work work);
  void check_drained();
  void check_calendar();

  proxy::Counters counters_;
  net::EventLoop loop_;
  std::unique_ptr<net::Resolver> resolver_;
  std::variant<std::monostate, std::unique_ptr<Drive<proxy::Sender>>, std::unique_ptr<Drive<proxy::Listener>>> drive_;
  std::unique_ptr<net::Timer> drain_check_;
  std::unique_ptr<net::Timer> calendar_;  // tells a sender the time of day
  std::atomic<bool> drained_ = false;
  std::thread thread_;
};

}  // namespace railgun::app
