// What happens to a new connection before a byte flows: filled in by connection-level faults, in
// file order, carried out by the proxy.
//
// Delays of several rules add up. The first refusal or hang stands.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/instant.h"

namespace brownout::rules {

struct Admission {
  enum class Verdict {
    kServe,
    kRefuse,  // RST, without dialling the server
    kHang,    // stays open; nothing is read, the server is not dialled
    kAnswer,  // gets `answer` once it has asked, then FIN; the server is not dialled
  };
  Verdict verdict = Verdict::kServe;
  std::string answer = {};
  SummedDelay accept_delay = {};   // before anything is done with the connection
  SummedDelay connect_delay = {};  // before the server is dialled

  // Held until the connection ends, then destroyed: how a fault counts open connections.
  std::vector<std::shared_ptr<void>> leases;

  bool serves() const { return verdict == Verdict::kServe; }
};

}  // namespace brownout::rules
