#include "railgund/tls/certificate_choice.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "railgund/base/text.h"

namespace railgun::tls {
namespace {

constexpr std::string_view kWildcard = "*.";

std::string canonical_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return lower_ascii(name);
}

// What a wildcard has to stand before for this name; empty: no wildcard is for it.
std::string_view suffix_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

// The best candidate of each type of key among those for one name.
class Best {
 public:
  Best(const std::vector<CertificateChoice::Candidate>& candidates, WallTime now)
      : candidates_(candidates), now_(now) {}

  void consider(std::size_t index, bool is_exact) {
    const CertificateChoice::Candidate& candidate = candidates_[index];
    const bool is_valid = candidate.not_before <= now_ && now_ < candidate.not_after;
    const Rank rank{is_valid, is_exact, candidate.not_after};
    const auto [place, is_new] = best_.try_emplace(candidate.key_type, rank, index);
    if (!is_new && place->second.first < rank) place->second = {rank, index};
  }
  // Whatever else there is of its type.
  void insist(std::size_t index) { best_[candidates_[index].key_type] = {Rank{true, true, WallTime::max()}, index}; }
  CertificateChoice::Set set() const {
    CertificateChoice::Set indices;
    for (const auto& [type, entry] : best_) indices.push_back(entry.second);
    std::sort(indices.begin(), indices.end());
    return indices;
  }

 private:
  using Rank = std::tuple<bool, bool, WallTime>;
  const std::vector<CertificateChoice::Candidate>& candidates_;
  WallTime now_;
  std::map<std::string_view, std::pair<Rank, std::size_t>> best_;
};

}  // namespace

CertificateChoice::CertificateChoice(const std::vector<Candidate>& candidates, WallTime now) {
  std::map<std::string, std::vector<std::size_t>> exact, wildcard;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    std::set<std::string> names;  // a name may be there twice
    for (const std::string& name : candidates[index].names) names.insert(canonical_name(name));
    for (const std::string& name : names) {
      if (name.starts_with(kWildcard)) {
        wildcard[name.substr(kWildcard.size())].push_back(index);
      } else {
        exact[name].push_back(index);
      }
    }
  }
  std::map<Set, std::size_t> indices_of_sets;
  const auto add = [&](Set set) {
    const auto [place, is_new] = indices_of_sets.try_emplace(set, sets_.size());
    if (is_new) sets_.push_back(std::move(set));
    return place->second;
  };
  const auto consider_wildcards = [&](Best& best, std::string_view suffix, bool is_exact) {
    const auto found = wildcard.find(std::string(suffix));
    if (suffix.empty() || found == wildcard.end()) return;
    for (const std::size_t index : found->second) best.consider(index, is_exact);
  };
  const auto consider_name = [&](Best& best, const std::string& name) {
    if (const auto found = exact.find(name); found != exact.end()) {
      for (const std::size_t index : found->second) best.consider(index, true);
    }
    consider_wildcards(best, suffix_of(name), false);
  };

  Best best_by_default(candidates, now);
  for (const std::string& name : candidates.front().names) {
    const std::string canonical = canonical_name(name);
    consider_name(best_by_default, canonical);
    if (canonical.starts_with(kWildcard))
      consider_wildcards(best_by_default, std::string_view(canonical).substr(kWildcard.size()), true);
  }
  best_by_default.insist(0);
  add(best_by_default.set());

  for (const auto& [name, indices] : exact) {
    Best best(candidates, now);
    consider_name(best, name);
    by_name_.emplace(name, add(best.set()));
  }
  for (const auto& [suffix, indices] : wildcard) {
    Best best(candidates, now);
    consider_wildcards(best, suffix, true);
    by_suffix_.emplace(suffix, add(best.set()));
  }
}

std::size_t CertificateChoice::find(std::string_view server_name) const {
  const std::string name = canonical_name(server_name);
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const auto found = by_suffix_.find(std::string(suffix_of(name)));
  return found == by_suffix_.end() ? kDefault : found->second;
}

}  // namespace railgun::tls
