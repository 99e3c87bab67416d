// The state file stores the changes that the API made, so that they survive a restart. One JSON
// object:
//
//   {"version": 1, "changes": [{"kind": "rule", "name": "slow", "table": {...}}, ...]}
//
// `table` is null for a deletion.
#pragma once

#include <string>

#include "proxy/control/overlay.h"

namespace brownout::proxy {

// Returns an empty overlay if the file is absent or empty. A truncated state file is renamed to
// `path`.corrupt, and the error says so. Any other file may belong to another program and stays
// where it is.
rules::Result<Overlay> load_state(const std::string& path);
// The contents of the state file for an overlay.
std::string state_text(const Overlay& overlay);
// Replaces the file atomically. If `path` is a symbolic link, replaces its target. Blocks until the
// data is on the disk.
rules::Result<void> save_state(const std::string& path, const std::string& text);

}  // namespace brownout::proxy
