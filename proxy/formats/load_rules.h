// Loads a rule file with the files that it names.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "proxy/formats/includes.h"
#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::codecs {

// Reads the files of faults (rules/language/file_texts.h), the configuration, then the zones
// (zone_file.h).
tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text,
                                                           const Includes& includes = {});
tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document,
                                                           const Includes& includes = {});
// Loads as much of a rule file as possible, and adds all errors to `problems`.
rules::Config load_rules(const rules::Node& document, const Includes& includes,
                         rules::Diagnostics& problems);

}  // namespace brownout::codecs
