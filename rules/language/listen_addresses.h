// ListenAddresses reports listeners of a file that listen on the same address. follow_brokers()
// gives a listener the table of the brokers that it follows. Pure; any thread.
#pragma once

#include <string>
#include <unordered_set>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"
#include "rules/schema/node.h"

namespace brownout::rules {

class ListenAddresses {
 public:
  // Reports a mistake if an earlier listener has one of the addresses. `node` is the table of the
  // listener.
  void claim(const Node& node, const Listener& listener, Diagnostics& problems);

 private:
  bool claim(const Listener& listener);

  // TCP and UDP ports are separate: "tcp 127.0.0.1:80".
  std::unordered_set<std::string> taken_;
};

void follow_brokers(Listener& listener);

}  // namespace brownout::rules
