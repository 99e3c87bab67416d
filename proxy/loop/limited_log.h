// Log lines that clients or servers cause, as many as they like: of each kind only the first few
// in a while are written, then how many more there were. What is written and what is not is up to
// the console (control/line_limiter); other sinks of spdlog write all.
//
// `kind` says what the lines have in common, e.g. "chat: not TLS"; it stands before the count of
// those that were left out.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace brownout::proxy {

template <class... Args>
void log_limited(spdlog::level::level_enum level, const std::string& kind,
                 spdlog::format_string_t<Args...> format, Args&&... args) {
  // The console takes the kind from the place of a source file, which no other line of ours has.
  spdlog::log(spdlog::source_loc{kind.c_str(), 1, ""}, level, format, std::forward<Args>(args)...);
}

}  // namespace brownout::proxy
