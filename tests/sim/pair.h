// One sender and one listener with an origin, in a world of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "actors.h"
#include "host.h"

namespace railgun::sim {

class Pair {
 public:
  // The links are up. Each eighth seed has a long line; one to three lanes.
  explicit Pair(std::uint64_t seed, const config::Config& listener_settings = {})
      : world(seed, {.delay = std::chrono::milliseconds(seed % 8 == 0 ? 40 : 5)}), origin(world, ledger_) {
    auto sender_config = std::make_shared<config::Config>();
    sender_config->role = config::Role::kSender;
    sender_config->listen = {{"edge", 80}};
    sender_config->sites = {{.host = "site.test", .listeners = {{"listener", 2408}}, .origin = {}}};
    sender_config->wan_lanes = 1 + static_cast<unsigned>(seed % 3);
    auto listener_config = std::make_shared<config::Config>(listener_settings);
    listener_config->origins = config::parse_origin_map("default = origin:80\n", "nat").value();
    world.servers["origin:80"] = [this](PipePtr pipe) { origin.accept(std::move(pipe)); };
    listener = std::make_unique<Host<proxy::Listener>>(HostServices{world, nullptr}, "listener", [&](auto& counters) {
      return std::make_unique<proxy::Listener>(listener_config, listener_cache, counters, false, Bytes(32, 5), "5360",
                                               world.now);
    });
    world.servers["listener:2408"] = [this](PipePtr pipe) {
      listener->accept(proxy::ConnectionKind::kLink, std::move(pipe), "edge");
    };
    sender = std::make_unique<Host<proxy::Sender>>(HostServices{world, nullptr}, "sender", [&](auto& counters) {
      return std::make_unique<proxy::Sender>(sender_config, sender_cache, shelf_, counters, false, 1, as_bytes("key"),
                                             world.now);
    });
    world.servers["edge:80"] = [this](PipePtr pipe) {
      sender->accept(proxy::ConnectionKind::kClient, std::move(pipe), "192.0.2.1");
    };
    run(std::chrono::seconds(2));
  }

  void run(Duration time) { world.run_until(world.now + time); }
  // A visitor who has just connected.
  std::shared_ptr<Visitor> visit(const std::string& target, const Manners& manners = {}) {
    auto visitor = std::make_shared<Visitor>(world, ledger_, "GET", target, manners);
    visitor->start(world.connect("edge:80"));
    return visitor;
  }

  World world;

 private:
  Ledger ledger_;
  dictionary::Shelf shelf_{{}, as_bytes("key")};

 public:
  Origin origin;
  page::Cache sender_cache{64 << 20}, listener_cache{64 << 20};
  std::unique_ptr<Host<proxy::Listener>> listener;
  std::unique_ptr<Host<proxy::Sender>> sender;
};

}  // namespace railgun::sim
