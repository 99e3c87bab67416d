// What a fuzz target demands of the code that it tries.
#pragma once

#include <cstdlib>

namespace brownout {

inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace brownout
