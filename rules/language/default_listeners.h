// What `brownout exec` listens with where its file does not say: one intercepting listener for each
// protocol that is known by its port, and one for the rest.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// The document with listeners added: dns (port 53), http (80), tls (443), tcp and udp (all others).
// A name that is taken stays what it is, and so does a port that an intercepting listener has.
Node with_default_listeners(Node document);

}  // namespace brownout::rules
