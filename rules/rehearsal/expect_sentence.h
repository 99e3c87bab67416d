// Reads the expectations of `brownout run`. A run has no phases and no synthetic users. Each
// expectation is a sentence in the words that verdicts use:
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

// Reads one expectation from each sentence. `around` has the names of rules and listeners that
// sentences may use. Problems give the number of the sentence, from 1, as the line. Sentences with
// a problem are left out of the result.
std::vector<Expectation> read_sentences(std::span<const std::string> sentences,
                                        const ScenarioSurroundings& around, Diagnostics& problems);

}  // namespace brownout::rules
