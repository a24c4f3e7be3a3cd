// A page version as a store (memcached) keeps it: a self-describing item, checked on the way back. Anyone may have
// written to the store: an item that does not check out is a miss (doc/PROTOCOL.md, "Stored items").
#pragma once

#include <optional>
#include <string>

#include "railgund/base/hash.h"
#include "railgund/page/version.h"

namespace railgun::page {

// Keys for the store: the kind, the format's version and 32 hex digits, no byte of a stranger's choosing.
// The listener stores versions under their id and site, so that the id of another site's version finds nothing; the
// sender stores the latest version of a page under its exact key.
std::string store_key_of_version(const Id128& site, const Id128& id);
std::string store_key_of_page(const Id128& exact_key);

// An item is a header (format, id, length, check) and the page's bytes, compressed by zstd where that pays.
Bytes encode_item(const Version& version);

// The version in an item, or null: wrong format or check, longer than `page_bytes_limit`, an id that is not the keyed
// hash of the bytes, or (if given) not `expected_id`.
VersionPtr decode_item(ByteView item, const KeyedHash& hash, const std::optional<Id128>& expected_id,
                       std::size_t page_bytes_limit);

}  // namespace railgun::page
