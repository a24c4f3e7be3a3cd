#define RAILGUN_WIDE_HASH kAvx512Hash
#include "railgund/base/wide_hash.inc"
