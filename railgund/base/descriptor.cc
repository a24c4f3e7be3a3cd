#include "railgund/base/descriptor.h"

#include <unistd.h>

namespace railgun {

void Descriptor::reset(int number) {
  // Never repeated on EINTR: Linux has freed the number by then (close(2)).
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

}  // namespace railgun
