// Vectors that this CPU has beyond those that all of its kind have.
#pragma once

namespace railgun {

// With BMI2.
bool has_avx2();
// F and BW.
bool has_avx512();

}  // namespace railgun
