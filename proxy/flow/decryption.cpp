#include "proxy/flow/decryption.h"

#include <utility>

#include "proxy/flow/refused_certificates.h"

namespace brownout::proxy {

tl::unexpected<rules::Error> need_ca() {
  return tls::failed("tls of this listener needs a ca, which signs a certificate for each host",
                     "e.g. tls = { ca = \"ca\" } after `brownout ca init --folder ca`; only "
                     "`brownout exec` has a CA of its own");
}

rules::Result<void> add_decryption(ListenerView& view,
                                   std::shared_ptr<const tls::Authority> authority,
                                   const ListenerView* previous) {
  const auto& config = view.config;
  const auto inside = config.inside();
  if (config.tls->ca.empty() && !authority) return need_ca();
  auto contexts = tls::ServerContexts::make(
      *config.tls, inside.has_requests() ? tls::OfferedHttp::kAny : tls::OfferedHttp::kNone,
      std::move(authority));
  if (!contexts) return tl::unexpected(contexts.error());
  auto servers = tls::ClientContext::make(config.upstream_tls.value_or(rules::TlsClient{}));
  if (!servers) return tl::unexpected(servers.error());
  const bool known = previous != nullptr && previous->refused;
  view.refused = known ? previous->refused : std::make_shared<RefusedCertificates>();
  auto decrypted = std::make_shared<ListenerView>(view);
  decrypted->config.protocol = inside;
  decrypted->tls = std::move(*contexts);
  view.decryption = std::make_shared<const Decryption>(
      Decryption{.inside = std::move(decrypted), .servers = std::move(*servers)});
  if (inside == config.protocol) {
    auto outside = std::make_shared<ListenerView>(view);
    outside->config.protocol = rules::Protocol::kTls;
    view.outside = std::move(outside);
  }
  return {};
}

}  // namespace brownout::proxy
