// Makes rule files from files of other programs (`brownout init --from`). No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"
#include "proxy/draft/place.h"

namespace brownout::draft {

enum class Source { kFlows, kToxiproxy, kNetem, kEnvoy };

// Returns the values of --format: "flows", "toxiproxy", "tc" and "envoy".
std::vector<std::string> source_names();
std::optional<Source> source_named(std::string_view name);
// Detects the kind of the text from its content. Returns an error if it is of no known kind.
rules::Result<Source> source_of(std::string_view text);

// Makes a rule file from the text. `place` gives the addresses and the protocol for sources that do
// not contain them: always for tc, and sometimes for Envoy.
rules::Result<Draft> draft_of(Source source, std::string_view text, const Place& place);

rules::Result<Draft> draft_of_toxiproxy(std::string_view text);
rules::Result<Draft> draft_of_netem(std::string_view text, const Place& place);
rules::Result<Draft> draft_of_envoy(std::string_view text, const Place& place);

}  // namespace brownout::draft
