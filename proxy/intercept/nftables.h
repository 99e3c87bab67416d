// Runs nftables scripts through libnftables, so that no `nft` program is needed. Needs
// CAP_NET_ADMIN in the network namespace.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Runs a script as one transaction, like `nft -f`. The error is nft's own message.
rules::Result<void> run_nft(const std::string& script);
// Runs a query and returns its output as JSON (libnftables-json(5)).
rules::Result<std::string> ask_nft(const std::string& script);

}  // namespace brownout::proxy
