#include "railgund/net/newcomers.h"

#include <algorithm>
#include <utility>

namespace railgun::net {

Newcomers::Limits Newcomers::limits(std::size_t in_all) {
  const std::size_t least = std::max<std::size_t>(in_all, 1);
  return {.in_all = least, .of_one = (least + 1) / 2};
}

std::vector<std::uint64_t> Newcomers::add(std::uint64_t id, std::string address) {
  std::vector<std::uint64_t> leaving;
  const auto leave = [&](std::vector<Waiting>::iterator oldest) {
    leaving.push_back(oldest->id);
    waiting_.erase(oldest);
  };
  const auto is_neighbour = [&](const Waiting& other) { return other.address == address; };
  auto of_one = static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), is_neighbour));
  for (; of_one >= limits_.of_one; --of_one) leave(std::find_if(waiting_.begin(), waiting_.end(), is_neighbour));
  while (waiting_.size() >= limits_.in_all) leave(waiting_.begin());
  waiting_.push_back({id, std::move(address)});
  return leaving;
}

void Newcomers::remove(std::uint64_t id) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.id == id; });
}

}  // namespace railgun::net
