// The state file: what the API changed, so that it survives a restart. One JSON object:
//
//   {"version": 1, "changes": [{"kind": "rule", "name": "slow", "table": {...}}, ...]}
//
// `table` is null for what was deleted.
#pragma once

#include <string>

#include "proxy/control/overlay.h"

namespace brownout::proxy {

// Nothing if there is no such file, or nothing in it. One that begins as save_state() writes it and
// is torn is moved aside, to `path`.corrupt, and the error says so; whatever else it is, it may be
// somebody's, and is left where it is.
rules::Result<Overlay> load_state(const std::string& path);
// What the file says then.
std::string state_text(const Overlay& overlay);
// The old file or the new one, whatever happens meanwhile. A link stays one: the file that it leads
// to is replaced. Waits for the disk.
rules::Result<void> save_state(const std::string& path, const std::string& text);

}  // namespace brownout::proxy
