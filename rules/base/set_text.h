// The members of a set of bits, for people: "TCP connections, UDP sessions and DNS queries".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace brownout::rules {

// `names`: each bit with its name, the smallest first.
std::string set_text(unsigned set, std::span<const std::pair<unsigned, std::string_view>> names);

}  // namespace brownout::rules
