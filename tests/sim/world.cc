#include "world.h"

#include <algorithm>

namespace railgun::sim {

World::~World() {
  for (const std::weak_ptr<Pipe>& weak : pipes_) {
    if (const PipePtr pipe = weak.lock()) pipe->silence();
  }
}

void World::at(Instant when, std::function<void()> work) {
  events_.push({std::max(when, now), next_event_++, std::move(work)});
}

void World::run_until(Instant end) {
  while (!events_.empty() && events_.top().when <= end) {
    const Event event = events_.top();
    events_.pop();
    now = event.when;
    event.work();
    if (after_step) after_step();
  }
  now = std::max(now, end);
}

void World::trace(ByteView what) {
  Bytes step;
  ByteWriter out(step);
  out.u64(trace_);
  out.u64(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  out.u64(hash64(what));
  trace_ = hash64(step);
}

void World::log(const std::string& host, const std::string& line) {
  constexpr std::size_t kLongestLine = 1000;
  trace(as_bytes(host + ": " + line));
  if (on_log) on_log(host + ": " + line);
  const bool printable = std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20; });
  if (line.empty() || line.size() > kLongestLine || !printable) fault(host + " logged no line: '" + line + "'");
}

Duration World::latency() {
  return weather_.delay +
         Duration(static_cast<std::int64_t>(dice.below(static_cast<std::uint64_t>(weather_.jitter.count()) + 1)));
}

PipePtr World::connect(const std::string& endpoint) {
  const auto server = servers.find(endpoint);
  if (server == servers.end() || is_dark(endpoint)) return nullptr;
  auto near = std::make_shared<Pipe>();
  auto far = std::make_shared<Pipe>();
  near->world_ = far->world_ = this;
  pipes_.push_back(near);
  pipes_.push_back(far);
  near->endpoint_ = far->endpoint_ = endpoint;
  near->other_ = far;
  far->other_ = near;
  // Each end is kept alive by its owner.
  server->second(far);
  return near;
}

void Pipe::write(ByteView bytes) {
  if (!is_open_) return;
  while (!bytes.empty()) {
    const std::size_t count =
        std::min<std::size_t>(bytes.size(), 1 + world_->dice.below(world_->weather_.largest_piece));
    in_flight_ += count;
    wire_.push_back(to_bytes(bytes.first(count)));
    travel();
    bytes = bytes.subspan(count);
  }
}

void Pipe::end() {
  if (!is_open_) return;
  wire_.push_back(std::nullopt);
  travel();
}

bool Pipe::is_taken() const {
  const PipePtr other = other_.lock();
  return !other || !other->is_open_ || (in_flight_ == 0 && (other->end_delivered_ || !other->on_end));
}

// One thing arrives, whatever is first on the wire: bytes never overtake each other, and wait while the network is
// dark.
void Pipe::travel() {
  last_arrival_ = std::max(world_->now + world_->latency(), last_arrival_);
  world_->at(last_arrival_, [self = shared_from_this()] { self->arrive(); });
}

void Pipe::arrive() {
  const bool is_dark = world_->is_dark(endpoint_);
  if (is_dark && world_->now >= resend_at_) {
    resend_after_ = std::max<Duration>(std::chrono::milliseconds(200), 2 * resend_after_);
    resend_at_ = world_->now + resend_after_;
  }
  if (is_dark || world_->now < resend_at_) {
    world_->at(resend_at_, [self = shared_from_this()] { self->arrive(); });
    return;
  }
  resend_after_ = {};
  const std::optional<Bytes> piece = std::move(wire_.front());
  wire_.pop_front();
  const PipePtr end = other_.lock();
  if (!end || !end->is_open_) return;
  if (piece) {
    end->inbox_.push_back(*piece);
  } else {
    end->end_in_inbox_ = true;
  }
  end->deliver();
}

void Pipe::reset() {
  if (!is_open_) return;
  is_open_ = false;
  world_->after(world_->latency(), [other = other_] {
    const PipePtr end = other.lock();
    if (!end || !end->is_open_) return;
    end->is_open_ = false;
    if (end->on_reset) end->on_reset();
  });
}

void Pipe::deliver() {
  while (is_open_ && is_reading_ && !inbox_.empty() && on_bytes) {
    const Bytes piece = std::move(inbox_.front());
    inbox_.pop_front();
    world_->trace(piece);
    if (const PipePtr writer = other_.lock()) {
      writer->in_flight_ -= piece.size();
      if (writer->on_room)
        world_->after(world_->latency(), [weak = std::weak_ptr<Pipe>(writer)] {
          if (const PipePtr pipe = weak.lock(); pipe && pipe->on_room && pipe->is_open_) pipe->on_room();
        });
    }
    on_bytes(piece);
  }
  if (is_open_ && is_reading_ && inbox_.empty() && end_in_inbox_ && !end_delivered_ && on_end) {
    end_delivered_ = true;
    on_end();
  }
}

void Pipe::set_reading(bool on) {
  is_reading_ = on;
  if (on)
    world_->at(world_->now, [weak = weak_from_this()] {
      if (const PipePtr pipe = weak.lock()) pipe->deliver();
    });
}

void Store::get(const std::string& key, std::function<void(std::optional<Bytes>)> done) {
  if (is_dead) return;
  std::optional<Bytes> item;
  if (const auto found = items_.find(key); found != items_.end()) item = found->second;
  if (lies_ && item && !item->empty() && world_.dice.one_in(3)) (*item)[world_.dice.below(item->size())] ^= 0x41;
  world_.after(world_.latency(), [done = std::move(done), item = std::move(item)] { done(item); });
}

void Store::put(std::string key, Bytes item) {
  if (!is_dead) items_[std::move(key)] = std::move(item);
}

}  // namespace railgun::sim
