// RehearseApi serves the dashboard and the API while a rehearsal runs: its course, the traffic and
// the faults, and Halt. Changes are refused, since the phases decide which rules act. Control
// loop's thread only.
#pragma once

#include <memory>
#include <string>

#include "proxy/cli/commands.h"
#include "proxy/control/admin.h"
#include "proxy/control/director.h"
#include "proxy/control/event_stream.h"
#include "proxy/control/live_config.h"
#include "proxy/rehearsal/runner.h"

namespace brownout::cli {

class RehearseApi final : private proxy::Director {
 public:
  // Borrows all arguments; `text` is the rule file.
  RehearseApi(rehearsal::Runner& runner, const std::string& text, const RehearseOptions& options);

  proxy::EventSink* events() { return &stream_; }
  // Call when the engine runs.
  rules::Result<void> start();
  // "http://127.0.0.1:8474", or "" if there is no API.
  const std::string& address() const { return address_; }
  void begin_phase(const std::string& phase);

 private:
  void halt() override;
  nlohmann::ordered_json course() const override;

  rehearsal::Runner& runner_;
  const RehearseOptions& options_;
  proxy::EventStream stream_;
  proxy::LiveConfig live_;
  std::unique_ptr<toxiproxy::Api> toxiproxy_;
  std::unique_ptr<proxy::Admin> admin_;
  std::string address_;
};

}  // namespace brownout::cli
