// Makes a dictionary for the pages of a site out of samples of them: what several visitors were sent, and nothing else.
#pragma once

#include <cstddef>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"
#include "railgund/dictionary/dictionary.h"

namespace railgun::dictionary {

// A page that a visitor was sent.
struct Sample {
  // Who it was: two samples of one maker have neither in common.
  Id128 network;      // the visitor's address, IPv6 by /64
  Id128 credentials;  // a hash of cookies and Authorization
  // Asked for without credentials, and answered for everybody.
  bool is_public = false;
  // `share_among` visitors were sent this page byte for byte: all of it may enter.
  bool is_shared = false;
  Bytes text;
};

struct MakerLimits {
  // So many samples must hold a stretch for it to enter. 1: pages that are public enter as they are; of others, stretches
  // that two hold.
  unsigned share_among = 3;
  // zstd prepares tables of 0.8 MB for up to 127.5 KB, and of 3 MB for more.
  std::size_t dictionary_bytes = 127 * 1024;
};

// The dictionary's text; empty if the samples have nothing in common. A stretch (stretches.h) enters if `share_among`
// samples hold it, and stands behind others only if so many hold it behind the same 64 bytes. Otherwise the order is by
// `hash`, under a secret key: it tells nothing about the pages that the stretches came from.
Bytes make_text(const std::vector<Sample>& samples, const MakerLimits& limits, const KeyedHash& hash);

// What the samples take when coded against a prepared dictionary; null: without one.
std::size_t coded_bytes(const std::vector<Sample>& samples, const Dictionary* dictionary);

// The level of zstd for pages against a dictionary of their site. It takes twice the CPU time of level 3, a fifth of gzip
// -6's, and 5 to 15 % fewer bytes. Level 9 takes as much again for 1 %.
inline constexpr int kSiteLevel = 7;

}  // namespace railgun::dictionary
