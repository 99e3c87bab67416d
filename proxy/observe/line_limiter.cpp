#include "proxy/observe/line_limiter.h"

namespace brownout::proxy {
namespace {

constexpr std::string_view kOtherKinds = "other lines";

}  // namespace

bool LineLimiter::admit(std::string_view kind, rules::Instant now) {
  auto found = windows_.find(kind);
  if (found == windows_.end() && windows_.size() >= kMostKinds) {
    kind = kOtherKinds;
    found = windows_.find(kind);
  }
  if (found == windows_.end()) {
    found = windows_.emplace(kind, Window{.end = rules::later(now, kWindow)}).first;
  }
  auto& window = found->second;
  if (window.written == kMost) {
    ++window.left_out;
    return false;
  }
  ++window.written;
  return true;
}

std::vector<LineLimiter::LeftOut> LineLimiter::take_over(rules::Instant now) {
  std::vector<LeftOut> list;
  for (auto window = windows_.begin(); window != windows_.end();) {
    if (window->second.end > now) {
      ++window;
      continue;
    }
    if (window->second.left_out > 0) list.push_back({window->first, window->second.left_out});
    window = windows_.erase(window);
  }
  return list;
}

}  // namespace brownout::proxy
