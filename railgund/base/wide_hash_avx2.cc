#define RAILGUN_WIDE_HASH kAvx2Hash
#include "railgund/base/wide_hash.inc"
