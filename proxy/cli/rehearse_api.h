// RehearseApi serves the dashboard and the API while a rehearsal runs. Clients see the phases, the
// traffic and the faults, and can halt the rehearsal. All other changes are refused, since the
// phases decide which rules act. Control loop's thread only.
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
  // Borrows all arguments; `text` is the text of the rule file.
  RehearseApi(rehearsal::Runner& runner, const std::string& text, const RehearseOptions& options);

  // Whether the rehearsal has an API. Without --api it has one, except with --ci or
  // --virtual-time.
  static bool wanted(const RehearseOptions& options);

  // The sink that forwards events to API clients. Pass it to Runner::set_events().
  proxy::EventSink* events() { return &stream_; }
  // Starts to serve, unless the options turn the API off. Call after the engine has started.
  rules::Result<void> start();
  // The address of the API, such as "http://127.0.0.1:8474"; "" without an API.
  const std::string& address() const { return address_; }
  // Tells API clients that this phase begins.
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
