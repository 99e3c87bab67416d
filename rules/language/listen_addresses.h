// ListenAddresses finds listeners of a rule file that would bind the same address. follow_brokers()
// sets up the address rewriting of a listener for Kafka-like clusters (Brokers::kFollow). No I/O;
// one thread.
#pragma once

#include <string>
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

void follow_brokers(Listener& listener);

}  // namespace brownout::rules
