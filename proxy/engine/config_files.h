// Checks that the certificates, keys, CAs and password files that a rule file names can be used.
// Zone files are checked elsewhere (proxy/formats/zone_file.h).
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"
#include "rules/schema/node.h"

namespace brownout::proxy {

// Returns the problems that would prevent the engine or a rehearsal from starting. The files are
// read by the functions that read them when the engine starts. Each problem has the position of its
// key in `document`. Disabled listeners are skipped. If the file has a rehearsal, the CAs of
// listeners are skipped too, since `rehearse --embedded` creates those that are missing. `has_ca`:
// the process has a CA for listeners that name none.
rules::Diagnostics refused_files(const rules::Config& config, const rules::Node& document,
                                 bool has_ca = false);

}  // namespace brownout::proxy
