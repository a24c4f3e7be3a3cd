// Bytes that a browser holds, against which answers are coded for it (RFC 9842). Immutable, shared by all workers.
#pragma once

#include <cstddef>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/dictionary/hash.h"

struct ZSTD_CDict_s;

namespace railgun::dictionary {

class Dictionary {
 public:
  // For a few answers: each coder reads the bytes anew.
  Dictionary(Bytes bytes, const Hash& hash);
  // For many answers: the bytes are prepared for zstd once, at this level, which takes a copy of them and tables of
  // several times their size.
  Dictionary(Bytes bytes, const Hash& hash, int level);

  // Whether zstd takes the bytes as they are: not if they begin as a file of `zstd --train` does, whose tables it would
  // read.
  static bool is_possible(ByteView bytes);

  ByteView bytes() const { return bytes_; }
  const Hash& hash() const { return hash_; }
  // Null: not prepared.
  const ZSTD_CDict_s* prepared() const { return prepared_.get(); }
  std::size_t memory_bytes() const;

 private:
  struct Free {
    void operator()(ZSTD_CDict_s* prepared) const;
  };
  Bytes bytes_;
  Hash hash_;
  std::unique_ptr<ZSTD_CDict_s, Free> prepared_;
};

using DictionaryPtr = std::shared_ptr<const Dictionary>;

}  // namespace railgun::dictionary
