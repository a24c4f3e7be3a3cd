// In which order the listeners of a site are asked for a page, where they share the site's pages by weight. Pure.
//
// Each page has its own order, the same at every sender and after every restart: so a page stays with the listener that
// has its versions, and when one listener fails, its pages alone move, spread over the others (weighted rendezvous hashing,
// Thaler and Ravishankar 1998, https://doi.org/10.1109/90.663936).
#pragma once

#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/hash.h"
#include "railgund/base/time.h"

namespace railgun::proxy {

struct WeighedListener {
  Endpoint endpoint;
  double weight = 0;  // its part of the pages, in proportion to the others'; 0: only when no other can be asked
};

// Of listeners of one weight, about as many pages come first for each; those with 0 come last, in the order given.
std::vector<Endpoint> listener_order(std::vector<WeighedListener> listeners, const Id128& page);

// A listener that can be reached again gets its pages back little by little: what part of its weight counts after so long.
// `slow_start`: 0: all at once.
double part_of_weight(Duration reachable, Duration slow_start);

}  // namespace railgun::proxy
