// Session tickets in a context: OpenSSL's callback over TicketKeys. Included by this folder's sources alone.
#pragma once

#include "railgund/tls/ticket_keys.h"

struct ssl_ctx_st;

namespace railgun::tls {

// The context makes tickets and resumes sessions by them. `keys`: not empty, outlive the context.
void use_tickets(ssl_ctx_st* context, const TicketKeys& keys);

}  // namespace railgun::tls
