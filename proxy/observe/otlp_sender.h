// OtlpSender sends the requests of one signal (traces or metrics) to an OpenTelemetry collector,
// and logs failures. Each reason is logged once, until a request is accepted. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "proxy/observe/otlp_answer.h"
#include "proxy/observe/otlp_settings.h"

namespace brownout::proxy {

class OtlpSender {
 public:
  // The settings are borrowed.
  OtlpSender(OtlpSignal signal, const OtlpSettings& settings)
      : signal_(signal), settings_(settings) {}

  struct Outcome {
    PostResult result;
    OtlpAnswer answer;
    bool accepted() const { return answer.then == OtlpAnswer::Then::kAccepted; }
  };
  // Sends a request once. `timeout` may be shorter than that of the settings; `give_up` is that of
  // PostOptions, and empty for the last try.
  Outcome send(const std::string& body, std::chrono::milliseconds timeout,
               const std::function<bool()>& give_up);
  // Logs that the events of a request are lost after several tries.
  void tell_lost(std::uint64_t events, const Outcome& last);

 private:
  void tell_accepted(const OtlpAnswer& answer);
  void tell_failed(const PostResult& result, const OtlpAnswer& answer, bool last);

  const OtlpSignal signal_;
  const OtlpSettings& settings_;
  // failures logged since the last accepted request: HTTP statuses and PostFailure values
  std::set<long> told_;
  bool told_no_signal_ = false;  // logged only once, since a collector's pipelines seldom change
  bool told_rejected_ = false;
  bool told_lost_ = false;
};

}  // namespace brownout::proxy
