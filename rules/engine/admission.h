// Admission is the decision about a new connection before data flows: serve it, delay it, refuse it
// or leave it without an answer. Connection-level faults fill it in, in the order of the rule file;
// the proxy carries it out.
//
// Delays of several rules add up. The first rule whose verdict is not kServe decides; later
// verdicts are ignored. A plain value that the flow owns; one thread.
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
    kRefuse,  // the client gets a RST; no connection to the server is opened
    kHang,    // the connection stays open and is not read; no connection to the server is opened
    // The client gets `answer` after its first data, then FIN; the server is not contacted.
    kAnswer,
  };
  Verdict verdict = Verdict::kServe;
  std::string answer = {};
  SummedDelay accept_delay = {};   // time before the new connection is processed
  SummedDelay connect_delay = {};  // time before the connection to the server is opened

  // Objects that are destroyed when the connection ends. Faults use them to count open connections.
  std::vector<std::shared_ptr<void>> leases;

  bool serves() const { return verdict == Verdict::kServe; }
};

}  // namespace brownout::rules
