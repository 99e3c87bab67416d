// Bytes as codecs take and give them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace brownout::codecs {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

}  // namespace brownout::codecs
