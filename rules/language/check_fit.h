// FitCheck checks that the fault of a rule fits the protocols of the listeners, and the keys `per`
// and `match` of the rule. Each error is added to the diagnostics. Used while a file is read; one
// thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/config.h"
#include "rules/language/presets.h"

namespace brownout::rules {

// Says which protocols a listener needs for messages of one of `messages`, as a hint.
std::string how_to_have(ProtocolSet messages);

// All arguments are borrowed; `node` is the [[rule]] table from which `rule` was read.
class FitCheck {
 public:
  FitCheck(const Node& node, const Rule& rule, const std::vector<Listener>& listeners,
           Diagnostics& problems);

  // `type` is the position of the fault's name in the file.
  void run(Position type) const;
  // The same for a rule with the keys of a preset, which is named at `where`.
  void run(const RulePreset& preset, Position where) const;
  // Like run(), for a rule with a preset. Also checks that `match` has no keys of requests or
  // messages.
  void check_preset(std::string_view name, Position where);

 private:
  // Checks that each listener named by the rule has traffic on which the fault acts. If the rule
  // names no listener, one such listener in the file is enough. Returns false after an error.
  bool check_carriers(Position what) const;
  std::string hint_of_carriers() const;
  // The value of a key of `match`, or of its `not`; null if neither has it.
  const Node* where_in_match(std::string_view key) const;
  Position position_in_match(std::string_view key) const;
  std::string settings_remark() const;
  std::string settings_hint() const;
  void check_message_level() const;
  void check_http() const;
  void check_not_http() const;
  // Add notes on keys of the fault, or keys of DNS in `match`, that have no effect here.
  void note_keys_without_effect() const;
  void note_dns() const;
  void check_ramp() const;
  void check_tls() const;
  void check_node() const;
  void check_host() const;
  void check_syn() const;
  void check_http2() const;
  void check_connection() const;
  void check_messages() const;
  void check_exchanges() const;
  void check_direction_of_messages() const;
  void check_direction_of_keys() const;
  void check_contradictions() const;
  void check_direction_of_requests() const;
  void check_refusal_keys() const;
  // The next three functions test the listeners that the rule matches. They return true if at least
  // one of these listeners meets the condition, has one of these kinds of traffic, or has messages
  // of one of these protocols.
  bool any_matched(const std::function<bool(const Listener&)>& condition) const;
  bool has(CarrierSet carriers) const;
  bool acts_on_messages_of_requests() const;
  bool supports(ProtocolSet protocols) const;
  // The protocols of messages at these listeners.
  ProtocolSet messages_matched() const;
  void check_firewall_level() const;
  void check_listener_level() const;

  const Node& node_;
  const Rule& rule_;
  const std::vector<Listener>& listeners_;
  Diagnostics& problems_;
  std::string fault_;
};

}  // namespace brownout::rules
