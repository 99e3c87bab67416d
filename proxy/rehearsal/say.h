// say() prints progress for a person, to a terminal or pipe that may be closed meanwhile. Errors
// are ignored, because later steps, such as writing the report, must not depend on the output.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <utility>

namespace brownout::rehearsal {

template <class... Arguments>
void say(std::FILE* to, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  const auto line = fmt::format(text, std::forward<Arguments>(arguments)...);
  std::fwrite(line.data(), 1, line.size(), to);
  std::fflush(to);
}

}  // namespace brownout::rehearsal
