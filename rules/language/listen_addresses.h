// ListenAddresses finds listeners of a rule file that would bind the same address. follow_brokers()
// sets up the address rewriting of a listener for Kafka-like clusters (Brokers::kFollow). No I/O;
// one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"
#include "rules/schema/node.h"

namespace brownout::rules {

class ListenAddresses {
 public:
  // Adds an error if an earlier listener has the same address or port. `node` is the [[listener]]
  // table.
  void claim(const Node& node, const Listener& listener, Diagnostics& problems);

 private:
  bool claim(const Listener& listener);

  // TCP and UDP ports are separate: "tcp 127.0.0.1:80".
  std::unordered_set<std::string> taken_;
};

// The value of the key `broker_names`.
struct BrokerNames {
  ServerNames names = {};
  std::uint16_t port = 0;  // 0: that of `listen`
};
// Returns no value if the text is no name with {node}, and perhaps a port.
std::optional<BrokerNames> parse_broker_names(std::string_view text);

void follow_brokers(Listener& listener);

}  // namespace brownout::rules
