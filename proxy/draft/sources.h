// The files of other programs that a rule file can be made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"
#include "proxy/draft/place.h"

namespace brownout::draft {

enum class Source { kFlows, kToxiproxy, kNetem, kEnvoy };

// "flows", "toxiproxy", "tc", "envoy": the values of --format.
std::vector<std::string> source_names();
std::optional<Source> source_named(std::string_view name);
// The kind of the text, by its content; an error if it is none of them.
rules::Result<Source> source_of(std::string_view text);

// `place` has the addresses and the protocol where the source does not say them (tc), or says them
// incompletely (envoy).
rules::Result<Draft> draft_of(Source source, std::string_view text, const Place& place);

rules::Result<Draft> draft_of_toxiproxy(std::string_view text);
rules::Result<Draft> draft_of_netem(std::string_view text, const Place& place);
rules::Result<Draft> draft_of_envoy(std::string_view text, const Place& place);

}  // namespace brownout::draft
