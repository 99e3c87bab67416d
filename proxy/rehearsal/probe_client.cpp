#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings) {
  switch (settings.probe->kind) {
    case rules::ProbeKind::kTcp:
      return make_tcp_client(settings);
    case rules::ProbeKind::kHttp:
      return make_http_client(settings);
    case rules::ProbeKind::kDns:
      return make_dns_client(settings);
    case rules::ProbeKind::kWebSocket:
      return make_websocket_client(settings);
    case rules::ProbeKind::kTls:
      return make_tls_client(settings);
    case rules::ProbeKind::kExec:
      return make_exec_client(settings);
    case rules::ProbeKind::kMqtt:
      return make_mqtt_client(settings);
    case rules::ProbeKind::kXmpp:
      return make_xmpp_client(settings);
    case rules::ProbeKind::kPrometheus:
      break;
  }
  return make_prometheus_client(settings);
}

Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline) {
  auto address = target.address;
  if (target.name.empty() || !settings.resolver) return address;
  const auto found =
      look_up(*settings.resolver, settings.local, target.name, rules::DnsType::kA, deadline);
  if (!found) return tl::unexpected("DNS: " + found.error());
  if (found->empty()) return tl::unexpected(std::string("DNS: no address in the answer"));
  address.host = to_text(found->front());
  return address;
}

}  // namespace brownout::rehearsal
