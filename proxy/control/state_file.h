// The state file: what the API changed, so that it survives a restart. One JSON object:
//
//   {"version": 1, "changes": [{"kind": "rule", "name": "slow", "table": {...}}, ...]}
//
// `table` is null for what was deleted.
#pragma once

#include <string>

#include "proxy/control/overlay.h"

namespace brownout::proxy {

// Nothing if there is no such file. One that is torn or no state is moved aside, to
// `path`.corrupt, and the error says so.
rules::Result<Overlay> load_state(const std::string& path);
// The old file or the new one, whatever happens meanwhile.
rules::Result<void> save_state(const std::string& path, const Overlay& overlay);

}  // namespace brownout::proxy
