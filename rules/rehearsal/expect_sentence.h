// Parses the expectations of `brownout run --expect` from sentences. (A run has no phases and no
// synthetic users.) Sentences have the form in which verdicts are printed:
//
//   rule_hits of "the broker is gone" at least 1
//   availability at web, chat at least 99%
//   share at web of server 127.0.0.1:7002 at most 10%
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rules/rehearsal/read_scenario.h"

namespace brownout::rules {

// Parses one expectation from each sentence. `around` has the names of rules and listeners that
// sentences may use. Errors have the number of the sentence, from 1, as their line. Sentences with
// an error are left out of the result.
std::vector<Expectation> read_sentences(std::span<const std::string> sentences,
                                        const ScenarioSurroundings& around, Diagnostics& problems);

}  // namespace brownout::rules
