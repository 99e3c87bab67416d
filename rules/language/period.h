// Reads a Period of a schedule from text: two durations and a dash, "10s-20s". Pure; any thread.
#pragma once

#include <string>

#include "rules/chance/schedule.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

template <>
struct ValueKind<Period> {
  static std::string name() { return "period"; }
  static Result<Period> read(const Node& node);
  static std::string print(const Period& value) {
    return in_quotes(to_text(value.open) + "-" + to_text(value.close));
  }
};

}  // namespace brownout::rules
