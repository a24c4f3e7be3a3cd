// How a page is coded of which the other end holds nothing: by itself, or against the starting text.
#pragma once

#include <memory>

#include "railgund/delta/encoder.h"
#include "railgund/delta/reference.h"

namespace railgun::delta {

struct FirstVisit {
  std::shared_ptr<const Reference> reference;  // the starting text; null: the page is coded by itself
  EncoderOptions options;
};

// `is_asset`: a script, a style sheet or the like that browsers keep. It crosses once for all visitors, so it may take ten
// times the CPU budget, and the strong tier on every link but a fast one.
FirstVisit plan_first_visit(EncoderOptions options, bool is_asset);

}  // namespace railgun::delta
