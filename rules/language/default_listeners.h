// The default listeners of `brownout exec`: one intercepting listener for each protocol with a
// well-known port, and one for the rest.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// Returns the document with listeners added: dns (port 53), http (80), tls (443), tcp and udp (all
// others). A listener of the document with such a name stays unchanged.
Node with_default_listeners(Node document);

}  // namespace brownout::rules
