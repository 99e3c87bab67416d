#include "proxy/control/console.h"

#include <sys/resource.h>

#include <fmt/core.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <mutex>

namespace brownout::proxy {
namespace {

constexpr Duration kRefresh = std::chrono::seconds(1);
constexpr std::string_view kClearLine = "\r\x1b[K";

std::string_view colour(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "\x1b[33m";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "\x1b[31m";
    default:
      return "";
  }
}

// Writes a log line above the status line.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(bool terminal) : terminal_(terminal) {}

  void set_status(std::string status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    draw("");
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const std::string_view line(formatted.data(), formatted.size());
    const auto paint = terminal_ ? colour(message.level) : std::string_view{};
    draw(std::string(paint) + std::string(line) + (paint.empty() ? "" : "\x1b[0m"));
  }
  void flush_() override {}

 private:
  void draw(const std::string& above) {
    std::string text = status_.empty() && !drawn_ ? "" : std::string(kClearLine);
    text += above + status_;
    drawn_ = !status_.empty();
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  bool terminal_;
  bool drawn_ = false;
  std::string status_;
};

std::shared_ptr<ConsoleSink>& console() {
  static std::shared_ptr<ConsoleSink> sink;
  return sink;
}

}  // namespace

void set_up_logging(const std::string& level) {
  console() = std::make_shared<ConsoleSink>(::isatty(STDERR_FILENO) != 0);
  auto logger = std::make_shared<spdlog::logger>("brownout", console());
  logger->set_pattern("%H:%M:%S.%e %-7l %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

StatusLine::StatusLine(Loop& loop, const Engine& engine)
    : loop_(loop),
      engine_(engine),
      terminal_(::isatty(STDERR_FILENO) != 0 && console() != nullptr) {
  if (terminal_) on_due(Loop::now());
}

StatusLine::~StatusLine() {
  if (terminal_) console()->set_status("");
}

void StatusLine::on_due(Instant now) noexcept {
  console()->set_status(compose(now));
  loop_.deadlines().set(*this, now + kRefresh);
}

std::string StatusLine::compose(Instant now) {
  const auto up = engine_.bytes(rules::Direction::kUpstream);
  const auto down = engine_.bytes(rules::Direction::kDownstream);
  const double seconds = std::chrono::duration<double>(now - last_).count();
  const auto rate = [&](std::uint64_t bytes, std::uint64_t before) {
    const auto per_second = static_cast<double>(bytes - before) * 8 / seconds;
    return to_text(rules::Rate{static_cast<std::int64_t>(per_second / 1000) * 1000});
  };
  std::uint64_t faults = 0;
  for (const auto& rule : engine_.rules().rules()) faults += rule->state->injected.load();
  const auto text = fmt::format("{} connections | up {} | down {} | {} rules | {} faults injected",
                                engine_.open_flows(), rate(up, last_up_), rate(down, last_down_),
                                engine_.rules().rules().size(), faults);
  last_ = now;
  last_up_ = up;
  last_down_ = down;
  return text;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace brownout::proxy
