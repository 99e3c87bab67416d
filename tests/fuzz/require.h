// Provides require(), which aborts a fuzz target if a condition does not hold.
#pragma once

#include <cstdlib>

namespace brownout {

inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace brownout
