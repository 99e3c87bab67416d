#include "proxy/rehearsal/probe_client.h"

#include "proxy/rehearsal/user_rows.h"

namespace brownout::rehearsal {

std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings) {
  for (const auto* row : kUserRows) {
    if (row->kind == settings.probe->kind.name()) return row->make(settings);
  }
  return nullptr;
}

Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline) {
  auto address = target.address;
  if (target.name.empty() || !settings.resolver) return address;
  const auto found =
      look_up(*settings.resolver, settings.local, target.name, rules::DnsType::kA, deadline);
  if (!found) return tl::unexpected("DNS: " + found.error());
  if (found->empty()) return tl::unexpected(std::string("the DNS answer contains no address"));
  address.host = to_text(found->front());
  return address;
}

}  // namespace brownout::rehearsal
