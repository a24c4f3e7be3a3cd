// Dictionaries in visitors' browsers (RFC 9842), as a sender uses them: offers them on pages, serves them, codes answers
// against them, and takes samples of pages that new ones are made from. One for each worker; the shelf is shared.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/config/config.h"
#include "railgund/dictionary/hash.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/http/message.h"

namespace railgun::proxy {

// What the browser of one request can do with dictionaries, and the sample that its answer may become.
struct DictionaryUse {
  bool is_on = false;  // at this site, over this connection
  bool is_document = false;
  bool is_offered = false;                    // the browser fetches dictionaries that an answer names
  std::optional<dictionary::Hash> held = {};  // it has this one, and this answer may be coded against it
  dictionary::Audience audience = {};
  std::string_view file = {};          // a script or style of the site itself (dictionary/request.h)
  bool takes_pages = false;            // the browser may keep the page itself
  bool varies_by_destination = false;  // it may at this site
  // What the page becomes when it is complete: a sample for the shelf, an entry in the ledger, both, or nothing.
  std::optional<dictionary::Sample> sample = {};
  std::optional<dictionary::Ledger::Kept> kept = {};
  Bytes text = {};  // the page so far, if it becomes something

  // Nothing can be coded against a dictionary that the origin has coded already.
  bool wants_identity() const { return is_document || !file.empty(); }
  std::size_t held_bytes() const { return text.size(); }
  // The page becomes nothing.
  void keep_nothing() {
    sample.reset();
    kept.reset();
    text = {};
  }
};

// What an answer may be coded against.
struct KnownDictionary {
  bool varies = false;  // other browsers may get it otherwise
  dictionary::DictionaryPtr dictionary = nullptr;
  bool is_page = false;  // it is a page that was sent before
  bool is_file = false;  // it is an earlier version of a script or style
};

class Dictionaries {
 public:
  // Where a sender's own dictionaries are, followed by the hash in hex. Nothing of it is the origin's.
  static constexpr std::string_view kPath = "/.well-known/railgun/dictionary/";

  // It outlives this.
  explicit Dictionaries(dictionary::Shelf& shelf) : shelf_(shelf) {}

  // Reads what the request says, and removes fields from it that are for the sender alone.
  DictionaryUse begin(http::Request& request, const config::Site& site, const config::Config& config,
                      bool is_from_trusted_proxy) const;
  // The dictionary that a GET or HEAD asks for by its path; null: none of ours.
  dictionary::DictionaryPtr asked_for(const http::Request& request, const DictionaryUse& use) const;
  // The head of the answer that is this dictionary.
  static http::Response head_of(const dictionary::Dictionary& dictionary);

  // Changes the head of an answer of the origin: offers a dictionary, if that is of use. Begins a sample if one is
  // wanted.
  KnownDictionary answer(DictionaryUse& use, const http::Request& request, http::Response& response,
                         const config::Config& config, Instant now) const;
  // A piece of the answer's body, before it is coded.
  static void add(DictionaryUse& use, ByteView piece);
  // The answer is complete. True: the shelf has work to do for this audience.
  bool finish(DictionaryUse& use, const http::Request& request, Instant now) const;

  dictionary::Shelf& shelf() const { return shelf_; }

 private:
  dictionary::Shelf& shelf_;
};

}  // namespace railgun::proxy
