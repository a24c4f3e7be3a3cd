#include "railgund/delta/starting_text.h"

#include <cstddef>

#include "railgund/base/bytes.h"

namespace railgun::delta {

// starting_text.txt; the build makes them (embed.cmake).
extern const unsigned char kStartingTextBytes[];
extern const std::size_t kStartingTextSize;

const std::shared_ptr<const Reference>& starting_text() {
  static const std::shared_ptr<const Reference> text = [] {
    auto made = std::make_shared<const Reference>(to_bytes(ByteView(kStartingTextBytes, kStartingTextSize)));
    made->prepare();
    made->prepare_strong();
    return made;
  }();
  return text;
}

}  // namespace railgun::delta
