// Adds the default listeners of `brownout exec` to a rule file: one intercepting listener for each
// protocol with a well-known port, and listeners for all other ports. Pure functions; any thread.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// Returns the document with listeners added: dns (port 53), http (80), tls (443, which decrypts
// only hosts that rules match), tcp and udp (all other ports). If the document has a listener with
// one of these names, it stays unchanged.
Node with_default_listeners(Node document);

}  // namespace brownout::rules
