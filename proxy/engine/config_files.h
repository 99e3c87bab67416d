// The files that a rule file names, beside those of its zones: certificates, keys, CAs, passwords.
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"
#include "rules/schema/node.h"

namespace brownout::proxy {

// What the engine, or a rehearsal, would refuse to start with: each by the function that reads it
// there, at the place of the key in the document. Listeners that are off are passed over, as there.
// In a rehearsal --embedded makes CAs where the file names some: these are not looked for.
rules::Diagnostics refused_files(const rules::Config& config, const rules::Node& document);

}  // namespace brownout::proxy
