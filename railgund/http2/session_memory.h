// Memory of a session of libnghttp2. For client_connection.cc and server_connection_state.cc.
#pragma once

#include <nghttp2/nghttp2.h>

namespace railgun::http2 {

// The same for every session, and valid for ever. A session's buffer for frames has 16 KB, of which frames other than
// DATA, which we write ourselves, fill some hundred bytes. Blocks as large as that are mapped alone, so that of an idle
// client's only the page that was written is resident.
nghttp2_mem* session_memory();

}  // namespace railgun::http2
