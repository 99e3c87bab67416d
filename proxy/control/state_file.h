// The state file keeps the changes that the HTTP API made to the rules over a restart of the proxy.
// It is one JSON object:
//
//  {"version": 1, "changes": [{"kind": "rule", "name": "slow", "table": {...}}, ...]}
//
// A `table` of null stands for a deletion.
#pragma once

#include <string>

#include "proxy/control/overlay.h"

namespace brownout::proxy {

// Returns the saved changes; none if the file is absent or empty. A truncated state file is renamed
// to `path`.corrupt, and the error says so. A file with other contents may belong to another
// program, so it is not changed.
rules::Result<Overlay> load_state(const std::string& path);
// Returns the text of a state file that holds the changes of `overlay`.
std::string state_text(const Overlay& overlay);
// Replaces the file atomically, or its target if `path` is a symbolic link. Blocks until the data
// is on the disk.
rules::Result<void> save_state(const std::string& path, const std::string& text);

}  // namespace brownout::proxy
