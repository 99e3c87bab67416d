#include "proxy/observe/event_log.h"

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>

#include "proxy/formats/flow_record.h"
#include "proxy/formats/json_text.h"
#include "proxy/observe/touched.h"
#include "proxy/observe/wall_time.h"
#include "rules/base/units.h"

namespace brownout::proxy {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kBatch = 32 * 1024;
constexpr std::size_t kMostBacklog = 64 << 20;
constexpr Duration kFlushAfter = std::chrono::milliseconds(50);

std::string lost_event(std::uint64_t lines) {
  return fmt::format(R"({{"time":"{}","event":"lost","lines":{}}})", wall_time(), lines) + "\n";
}

}  // namespace

std::int64_t wall_micros() {
  const auto now = std::chrono::system_clock::now();
  return std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
}

std::string wall_time() { return wall_time(wall_micros()); }

std::string wall_time(std::int64_t micros) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(micros / kMicros),
                     micros % kMicros);
}

rules::Result<std::unique_ptr<EventLog>> EventLog::open(const std::string& path, Of what) {
  auto file = OutputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<EventLog>(new EventLog(std::move(*file), path, what));
}

EventLog::EventLog(OutputFile file, std::string path, Of what)
    : path_(std::move(path)),
      what_(what),
      writer_(std::move(file),
              {.most = kMostBacklog,
               .dropped = what == Of::kEvents ? lost_event : nullptr,
               .failed = [name = path_ == "-" ? "standard output" : path_](int error) {
                 spdlog::error(
                     "cannot write to {}: {}; lines are lost until a write succeeds (free space on "
                     "the disk, or restart the process that reads the pipe)",
                     name, std::strerror(error));
               }}) {}

void EventLog::submit(std::string lines) { writer_.write(std::move(lines)); }

void EventLog::finish() {
  writer_.finish();
  if (lost() == 0) return;
  spdlog::error(
      "{} could not be written to {}: a write failed, or the disk or reader was too slow (use a "
      "faster one)",
      rules::count_of(lost(), what_ == Of::kEvents ? "event" : "flow"),
      path_ == "-" ? "standard output" : path_);
}

void EventBuffer::add(const rules::FlowFacts& flow, const rules::Rule& rule,
                      std::string_view direction, const rules::Note& note) {
  if (!wanted()) return;
  Touched touched;
  touched.set(flow, rule, direction, note);
  take(codecs::json_text(json_of(touched, TouchedForm::kEvent)) + "\n");
}

void EventBuffer::add(const rules::FlowFacts& flow, std::string_view event, std::string_view why) {
  if (!wanted()) return;
  nlohmann::ordered_json line{
      {"time", wall_time()}, {"event", event}, {"listener", flow.listener}, {"flow", flow.ordinal}};
  if (flow.client) line["client"] = to_text(*flow.client);
  line["why"] = why;
  take(codecs::json_text(line) + "\n");
}

void EventBuffer::add(const rules::FlowFacts& flow) {
  if (wanted()) take(codecs::write_flow(flow, wall_time(), codecs::FlowOutcome::kServed));
}

void EventBuffer::add_stopped(const rules::FlowFacts& flow) {
  if (wanted()) take(codecs::write_flow(flow, wall_time(), codecs::FlowOutcome::kStopped));
}

void EventBuffer::add(const rules::FlowFacts& flow, std::string_view event) {
  if (!wanted()) return;
  nlohmann::ordered_json line{
      {"time", wall_time()}, {"event", event}, {"listener", flow.listener}, {"flow", flow.ordinal}};
  if (flow.client) line["client"] = to_text(*flow.client, flow.client_port);
  if (flow.destination) line["destination"] = to_text(*flow.destination, flow.destination_port);
  take(codecs::json_text(line) + "\n");
}

void EventBuffer::take(const std::string& line) {
  if (lines_.empty()) loop_.deadlines().set(*this, Loop::now() + kFlushAfter);
  lines_ += line;
  if (lines_.size() > kBatch) flush();
}

void EventBuffer::flush() {
  loop_.deadlines().cancel(*this);
  if (log_ != nullptr && !lines_.empty()) log_->submit(std::move(lines_));
  lines_.clear();
}

void EventBuffer::on_due(Instant) noexcept { flush(); }

}  // namespace brownout::proxy
