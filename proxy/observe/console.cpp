#include "proxy/observe/console.h"

#include <fmt/core.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "proxy/loop/background_writer.h"
#include "proxy/loop/clock.h"
#include "proxy/observe/line_limiter.h"
#include "proxy/observe/wall_time.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

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

std::string with_commas(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string json_line(std::string_view level, std::string_view message) {
  const nlohmann::ordered_json line{{"time", wall_time()}, {"level", level}, {"message", message}};
  return codecs::json_text(line) + "\n";
}

std::string json_lines(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    lines += json_line("text", line);
  }
  return lines;
}

std::string not_written(LogForm form, std::uint64_t lines) {
  const auto json = form == LogForm::kJson;
  const auto text =
      fmt::format("... {} more log lines are missing here: the reader of standard {} was too slow",
                  with_commas(lines), json ? "output" : "error");
  return json ? json_line("warning", text) : text + "\n";
}

// Writes a log line above the status line.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(LogForm form)
      : form_(form),
        coloured_(form == LogForm::kText && uses_colour(STDERR_FILENO)),
        writer_(OutputFile::standard(form == LogForm::kJson ? STDOUT_FILENO : STDERR_FILENO),
                {.dropped = [form](std::uint64_t lines) { return not_written(form, lines); },
                 .each_second = [this] { say_left_out(); }}) {}

  LogForm form() const { return form_; }

  ~ConsoleSink() override {
    const std::lock_guard lock(mutex_);
    for (const auto& left_out : limiter_.take_all()) draw_left_out(left_out);
  }

  void set_status(std::string status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    draw("");
  }

  void print(std::string_view lines) {
    const std::lock_guard lock(mutex_);
    draw(form_ == LogForm::kJson ? json_lines(lines) : std::string(lines));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    draw_over(monotonic_now());
    const auto* kind = message.source.filename;
    if (kind == nullptr || limiter_.admit(kind, monotonic_now())) draw_message(message);
  }
  void flush_() override {}

 private:
  void say_left_out() {
    const std::lock_guard lock(mutex_);
    draw_over(monotonic_now());
  }

  void draw_over(Instant now) {
    for (const auto& left_out : limiter_.take_over(now)) draw_left_out(left_out);
  }

  void draw_left_out(const LineLimiter::LeftOut& left_out) {
    const auto text =
        fmt::format("{}: and {} more like it", left_out.kind, with_commas(left_out.lines));
    draw_message({"", spdlog::level::info, text});
  }

  void draw_message(const spdlog::details::log_msg& message) {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (form_ == LogForm::kJson) {
      const auto level = spdlog::level::to_string_view(message.level);
      return draw(json_line({level.data(), level.size()}, text));
    }
    const auto safe = rules::escaped(text);
    auto shown = message;
    shown.payload = safe;
    spdlog::memory_buf_t formatted;
    formatter_->format(shown, formatted);
    const std::string_view line(formatted.data(), formatted.size());
    const auto paint = coloured_ ? colour(message.level) : std::string_view{};
    draw(std::string(paint) + std::string(line) + (paint.empty() ? "" : "\x1b[0m"));
  }

  void draw(std::string_view above) {
    std::string text = status_.empty() && !drawn_ ? "" : std::string(kClearLine);
    text += std::string(above) + status_;
    drawn_ = !status_.empty();
    writer_.write(std::move(text));
  }

  LogForm form_;
  bool coloured_;
  bool drawn_ = false;
  std::string status_;
  LineLimiter limiter_;
  BackgroundWriter writer_;  // comes last, since its thread uses the members above
};

std::shared_ptr<ConsoleSink>& console() {
  static std::shared_ptr<ConsoleSink> sink;
  return sink;
}

}  // namespace

void set_up_logging(const std::string& level, LogForm form) {
  console() = std::make_shared<ConsoleSink>(form);
  auto logger = std::make_shared<spdlog::logger>("brownout", console());
  logger->set_pattern("%H:%M:%S.%e %-7l %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

bool uses_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(descriptor) != 0 && (refused == nullptr || *refused == '\0');
}

void print_error(std::string_view lines) {
  if (console() && console()->form() == LogForm::kJson) return console()->print(lines);
  const auto safe = rules::escaped(lines, rules::LineEnds::kKept);
  if (console()) return console()->print(safe);
  [[maybe_unused]] const bool written = OutputFile::standard(STDERR_FILENO).write(safe);
}

void show_status_line(std::string text) {
  if (shows_status_line()) console()->set_status(std::move(text));
}

bool shows_status_line() {
  return console() != nullptr && console()->form() == LogForm::kText &&
         ::isatty(STDERR_FILENO) != 0;
}

}  // namespace brownout::proxy
