// log_limited(): logs lines that clients or servers can cause in any number. The console writes
// only the first few lines of each kind in a period, then the number of suppressed lines
// (proxy/observe/line_limiter.h). Other sinks of spdlog write all lines. Safe on any thread.
//
// `kind` names what the lines have in common, e.g. "chat: not TLS". The console prints it before
// the number of suppressed lines.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace brownout::proxy {

template <class... Args>
void log_limited(spdlog::level::level_enum level, const std::string& kind,
                 spdlog::format_string_t<Args...> format, Args&&... args) {
  // Passes `kind` as the source location, which no other log line of this program sets.
  spdlog::log(spdlog::source_loc{kind.c_str(), 1, ""}, level, format, std::forward<Args>(args)...);
}

}  // namespace brownout::proxy
