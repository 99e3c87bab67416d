#include "proxy/intercept/packet_filter.h"

#include "proxy/intercept/nftables.h"

namespace brownout::proxy {

rules::Result<std::string> OwnPacketFilter::run(const std::string& script) {
  return ask_nft(script);
}

bool can_change(PacketFilter& filter) {
  return filter.run("add table inet brownout_probe\ndelete table inet brownout_probe\n")
      .has_value();
}

}  // namespace brownout::proxy
