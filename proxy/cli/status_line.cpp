#include "proxy/cli/status_line.h"

#include <fmt/core.h>

#include "proxy/observe/console.h"
#include "rules/base/columns.h"

namespace brownout::cli {
namespace {

constexpr proxy::Duration kRedraw = std::chrono::seconds(1);
// One column less than the usual width of a terminal (80), so that the line does not wrap.
constexpr std::size_t kStatusWidth = 79;

}  // namespace

StatusLine::StatusLine(proxy::Loop& loop, const proxy::Engine& engine)
    : loop_(loop), engine_(engine) {
  if (proxy::shows_status_line()) on_due(proxy::Loop::now());
}

StatusLine::~StatusLine() {
  loop_.deadlines().cancel(*this);
  proxy::show_status_line("");
}

void StatusLine::on_due(proxy::Instant now) noexcept {
  proxy::show_status_line(compose(now));
  loop_.deadlines().set(*this, now + kRedraw);
}

std::string StatusLine::compose(proxy::Instant now) {
  const auto up = engine_.bytes(rules::Direction::kUpstream);
  const auto down = engine_.bytes(rules::Direction::kDownstream);
  const double seconds = std::chrono::duration<double>(now - last_).count();
  const auto rate = [&](std::uint64_t bytes, std::uint64_t before) {
    const auto per_second = static_cast<double>(bytes - before) * 8 / seconds;
    return to_text(rules::Rate{static_cast<std::int64_t>(per_second / 1000) * 1000});
  };
  const auto text =
      fmt::format("{} | up {} | down {} | {} | {} injected",
                  rules::count_of(engine_.open_flows(), "connection"), rate(up, last_up_),
                  rate(down, last_down_), rules::count_of(engine_.rules().rules().size(), "rule"),
                  rules::count_of(engine_.injected(), "fault"));
  last_ = now;
  last_up_ = up;
  last_down_ = down;
  return rules::fitted(text, kStatusWidth);
}

}  // namespace brownout::cli
