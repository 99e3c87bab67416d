#include "proxy/observe/event_log.h"

#include <fmt/chrono.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>

#include "proxy/formats/flow_record.h"
#include "proxy/formats/json_text.h"
#include "proxy/observe/wall_time.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kBatch = 32 * 1024;
constexpr std::size_t kMostBacklog = 64 << 20;
constexpr Duration kFlushAfter = std::chrono::milliseconds(50);

std::string lost_event(std::uint64_t lines) {
  return fmt::format(R"({{"time":"{}","event":"lost","lines":{}}})", wall_time(), lines) + "\n";
}

}  // namespace

std::string wall_time() {
  const auto now = std::chrono::system_clock::now();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(micros);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds.count()),
                     (micros - seconds).count());
}

rules::Result<std::unique_ptr<EventLog>> EventLog::open(const std::string& path, Of what) {
  auto file = OutputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<EventLog>(new EventLog(std::move(*file), path, what));
}

EventLog::EventLog(OutputFile file, const std::string& path, Of what)
    : writer_(std::move(file),
              {.most = kMostBacklog,
               .dropped = what == Of::kEvents ? lost_event : nullptr,
               .failed = [name = path == "-" ? "standard output" : path](int error) {
                 spdlog::error("cannot write to {}: {}; lines are lost until a write succeeds",
                               name, std::strerror(error));
               }}) {}

void EventLog::submit(std::string lines) { writer_.write(std::move(lines)); }

void EventBuffer::add(const rules::FlowFacts& flow, const rules::Rule& rule,
                      std::string_view direction, const rules::Note& note) {
  if (!wanted()) return;
  nlohmann::ordered_json event{{"time", wall_time()},       {"seed", rule.seed},
                               {"rule", rule.name},         {"fault", rule.kind->name},
                               {"listener", flow.listener}, {"flow", flow.ordinal}};
  if (flow.client) event["client"] = to_text(*flow.client);
  if (flow.dns.question) {
    event["qname"] = flow.dns.question->name;
    event["qtype"] = to_text(flow.dns.question->type);
  }
  if (flow.dns.transport) event["transport"] = name_of(*flow.dns.transport);
  if (flow.hello != nullptr) {
    if (!flow.hello->sni.empty()) event["sni"] = flow.hello->sni;
    event["ja3"] = flow.hello->ja3;
  }
  if (flow.http != nullptr) {
    event["request"] = flow.message;
    event["method"] = flow.http->request.method;
    event["host"] = flow.http->host;
    event["path"] = flow.http->path;
    if (flow.http->response) event["status"] = flow.http->response->status;
  }
  if (!direction.empty()) event["direction"] = direction;
  event["action"] = note.action;
  if (note.delay != Duration::zero()) {
    event["delay_ms"] = std::chrono::duration<double, std::milli>(note.delay).count();
  }
  if (note.bytes != 0) event["bytes"] = note.bytes;
  event["ordinal"] = note.ordinal;
  take(codecs::json_text(event) + "\n");
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
