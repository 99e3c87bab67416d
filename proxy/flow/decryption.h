// Decryption: the settings with which a transparent or forward-proxy listener intercepts TLS. The
// proxy decrypts only connections to hosts that a rule matches, with certificates that its CA
// issues. Immutable; any thread.
//
//   client == TLS, minted certificate == flow of `inside` == TLS, verified == original server
#pragma once

#include <memory>

#include "proxy/flow/host.h"
#include "proxy/tls/authority.h"

namespace brownout::proxy {

struct Decryption {
  // A copy of the listener for connections that are decrypted. It terminates TLS, and its protocol
  // is the one that TLS carries, for example http.
  std::shared_ptr<const ListenerView> inside;
  std::shared_ptr<const tls::ClientContext> servers;
};

// Returns the error for a listener that intercepts TLS but has no CA.
tl::unexpected<rules::Error> need_ca();

// Adds decryption to `view`, whose `config` and `stats` must be set already. `authority` is the CA
// to use if the rule file names none; without either, the function returns an error. `previous` is
// the view before a reload, or null.
rules::Result<void> add_decryption(ListenerView& view,
                                   std::shared_ptr<const tls::Authority> authority,
                                   const ListenerView* previous);

}  // namespace brownout::proxy
