#include "railgund/app/entropy.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>

#include "railgund/net/descriptor.h"

namespace railgun::app {

bool has_entropy() {
  unsigned char byte = 0;
  if (getrandom(&byte, 1, GRND_NONBLOCK) == 1) return true;
  if (errno != ENOSYS) return errno != EAGAIN;
  // What OpenSSL waits for where there is no getrandom().
  const net::Descriptor device(open("/dev/random", O_RDONLY | O_CLOEXEC));
  pollfd readable{.fd = device.get(), .events = POLLIN, .revents = 0};
  return !device || poll(&readable, 1, 0) != 0;
}

}  // namespace railgun::app
