// HowToClose is the value of a key that selects how a fault closes a connection: with FIN or with
// RST. Plain values; any thread.
#pragma once

#include <array>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class HowToClose { kFin, kRst };

template <>
struct EnumNames<HowToClose> {
  static constexpr std::array kValues{
      std::pair<std::string_view, HowToClose>{"fin", HowToClose::kFin},
      std::pair<std::string_view, HowToClose>{"rst", HowToClose::kRst}};
};

}  // namespace brownout::rules
