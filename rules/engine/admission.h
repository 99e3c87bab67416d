// Admission is the decision about a new connection before data flows: serve it, delay it, refuse it
// or leave it hanging. Connection-level faults fill it in, in file order; the proxy carries it out.
//
// Delays of several rules add up. The first verdict other than kServe decides.
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
    kRefuse,  // RST; the server is not dialed
    kHang,    // the connection stays open and is not read; the server is not dialed
    kAnswer,  // the client's first data gets `answer`, then FIN; the server is not dialed
  };
  Verdict verdict = Verdict::kServe;
  std::string answer = {};
  SummedDelay accept_delay = {};   // before the connection is processed
  SummedDelay connect_delay = {};  // before the server is dialed

  // Destroyed when the connection ends, so that faults can count open connections.
  std::vector<std::shared_ptr<void>> leases;

  bool serves() const { return verdict == Verdict::kServe; }
};

}  // namespace brownout::rules
