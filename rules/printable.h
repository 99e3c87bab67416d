// Text from elsewhere, made fit to be shown and to stand in a file of ours: control characters
// become spaces, bytes that are no UTF-8 (RFC 3629) become question marks.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rules {

std::string printable(std::string_view text);

}  // namespace brownout::rules
