#include "proxy/observe/otlp_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "rules/base/units.h"

namespace brownout::proxy {
namespace {

using Then = OtlpAnswer::Then;

const char* consequence(OtlpSignal signal, Then then) {
  const bool traces = signal == OtlpSignal::kTraces;
  switch (then) {
    case Then::kRetry:
    case Then::kRetrySlowly:
      return traces ? "Brownout tries again" : "the next export includes these values";
    default:
      return traces ? "these events are lost" : "these values are lost";
  }
}

}  // namespace

OtlpSender::Outcome OtlpSender::send(const std::string& body, std::chrono::milliseconds timeout,
                                     const std::function<bool()>& give_up) {
  Outcome outcome;
  outcome.result = post(settings_.url + std::string(otlp_path(signal_)), body,
                        {.timeout = std::min(timeout, settings_.timeout),
                         .headers = settings_.headers,
                         .ca_file = settings_.ca_file,
                         .give_up = give_up});
  outcome.answer = otlp_answer(outcome.result, signal_, settings_.url);
  if (outcome.accepted()) {
    tell_accepted(outcome.answer);
  } else {
    tell_failed(outcome.result, outcome.answer, !give_up);
  }
  return outcome;
}

void OtlpSender::tell_accepted(const OtlpAnswer& answer) {
  if (!std::exchange(told_, {}).empty()) {
    spdlog::info("OTLP: the collector accepts requests to {}{} again", settings_.url,
                 otlp_path(signal_));
  }
  told_lost_ = false;
  if (answer.rejected == 0 && answer.message.empty()) return;
  if (std::exchange(told_rejected_, true)) return;
  if (answer.rejected == 0) {
    spdlog::warn("OTLP: the collector at {}{} sent a warning: {}", settings_.url,
                 otlp_path(signal_), answer.message);
    return;
  }
  const auto* kind = signal_ == OtlpSignal::kTraces ? "span" : "data point";
  spdlog::warn("OTLP: the collector rejected {} at {}{}{}{} (see its log)",
               rules::count_of(answer.rejected, kind), settings_.url, otlp_path(signal_),
               answer.message.empty() ? "" : ": ", answer.message);
}

void OtlpSender::tell_failed(const PostResult& result, const OtlpAnswer& answer, bool last) {
  if (result.failure == PostFailure::kGivenUp) return;
  if (answer.then == Then::kNoSignal) {
    if (std::exchange(told_no_signal_, true)) return;
  } else {
    const long reason = result.status != 0 ? result.status : -static_cast<long>(result.failure);
    if (!told_.insert(reason).second) return;
  }
  spdlog::warn("OTLP: the collector rejected a request to {}{}: {}; {} ({})", settings_.url,
               otlp_path(signal_), answer.why,
               consequence(signal_, last ? Then::kDrop : answer.then), answer.hint);
}

void OtlpSender::tell_lost(std::uint64_t events, const Outcome& last) {
  if (std::exchange(told_lost_, true)) return;
  spdlog::warn("OTLP: {} lost after several attempts: {} ({})", rules::count_of(events, "event"),
               last.answer.why, last.answer.hint);
}

}  // namespace brownout::proxy
