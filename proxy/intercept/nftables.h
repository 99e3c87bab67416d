// nftables by its library, so that no `nft` program is needed. Needs CAP_NET_ADMIN in the network.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Does what `nft -f` would, as one transaction; what nft has to say when it refuses.
rules::Result<void> run_nft(const std::string& script);
// The answer, as JSON (libnftables-json(5)).
rules::Result<std::string> ask_nft(const std::string& script);

}  // namespace brownout::proxy
