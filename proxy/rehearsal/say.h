// Text to a person, who may be gone meanwhile: a terminal that was closed, or the reader of a pipe.
// What is to be done afterwards, such as writing the report, must not depend on it.
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
