// Memory of a session of libnghttp2. For client_connection.cc and server_connection_state.cc.
#pragma once

#include <nghttp2/nghttp2.h>

namespace railgun::http2 {

// The same for every session, and valid for ever. A session has a buffer of 16 KB for frames, but uses some hundred bytes
// of it: DATA frames do not go through it, because we write them ourselves. Blocks of that size get a mapping of their
// own. So an idle client takes one page of memory for the buffer instead of all of it.
nghttp2_mem* session_memory();

}  // namespace railgun::http2
