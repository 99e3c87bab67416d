#include "proxy/engine/config_files.h"

#include <algorithm>

#include "proxy/flow/decryption.h"
#include "proxy/net/password_file.h"
#include "proxy/tls/contexts.h"
#include "proxy/tls/pem_files.h"
#include "rules/engine/fault.h"

namespace brownout::proxy {
namespace {

using rules::Node;

class FilesCheck {
 public:
  FilesCheck(const Node& document, bool has_ca) : document_(document), has_ca_(has_ca) {}

  void look_at(const rules::Listener& listener, bool rehearsed) {
    const auto* table = rules::find_table(document_, "listener", listener.name);
    if (table == nullptr || !listener.enabled) return;
    if (!listener.password_file.empty()) {
      add(table, "password_file", read_password(listener.password_file));
    }
    if (!listener.tls) return;
    if (listener.upstream_tls) look_at(table->find("upstream_tls"), *listener.upstream_tls);
    const auto* tls = table->find("tls");
    const auto& config = *listener.tls;
    if (listener.decrypts() && config.ca.empty() && !has_ca_) {
      add(table, "tls", rules::Result<void>(need_ca()));
    }
    rules::TlsServer ca;
    if (!rehearsed) ca.ca = config.ca;
    add_context(tls, "ca", ca);
    rules::TlsServer client_ca;
    client_ca.client_ca = config.client_ca;
    add_context(tls, "client_ca", client_ca);
    rules::TlsServer pair;
    pair.certificate = config.certificate;
    pair.key = config.key;
    add_context(tls, key_to_blame(config.certificate), pair);
  }

  void look_at(const rules::Upstream& upstream) {
    const auto* table = rules::find_table(document_, "upstream", upstream.name);
    if (table == nullptr || !upstream.tls) return;
    look_at(table->find("tls"), *upstream.tls);
  }

  void look_at(const Node* tls, const rules::TlsClient& config) {
    rules::TlsClient ca;
    ca.verify = config.verify;
    ca.ca = config.ca;
    add_context(tls, "ca", ca);
    rules::TlsClient pair;
    pair.verify = false;
    pair.certificate = config.certificate;
    pair.key = config.key;
    add_context(tls, key_to_blame(config.certificate), pair);
  }

  void look_at(const rules::Probe& probe, bool ca_is_made) {
    const auto* table = rules::find_table(document_, "probe", probe.name);
    if (table == nullptr) return;
    if (!probe.password_file.empty()) {
      add(table, "password_file", read_password(probe.password_file));
    }
    rules::TlsClient ca;
    if (!ca_is_made) ca.ca = probe.ca;
    add_context(table, "ca", ca);
  }

  rules::Diagnostics take() { return std::move(problems_); }

 private:
  void add_context(const Node* table, std::string_view key, const rules::TlsServer& config) {
    add(table, key, tls::ServerContexts::make(config, tls::OfferedHttp::kNone));
  }
  void add_context(const Node* table, std::string_view key, const rules::TlsClient& config) {
    add(table, key, tls::ClientContext::make(config));
  }

  // Returns the key of the rule file, "certificate" or "key", to which an error with a certificate
  // and its private key belongs.
  static std::string_view key_to_blame(const std::string& certificate) {
    return certificate.empty() || tls::is_certificate(certificate) ? "key" : "certificate";
  }

  template <class T>
  void add(const Node* table, std::string_view key, const rules::Result<T>& result) {
    if (result || table == nullptr) return;
    problems_.add(rules::position_of(*table, key), result.error().what, result.error().hint);
  }

  const Node& document_;
  bool has_ca_;
  rules::Diagnostics problems_;
};

}  // namespace

rules::Diagnostics refused_files(const rules::Config& config, const Node& document, bool has_ca) {
  FilesCheck check(document, has_ca);
  const bool rehearsed = config.scenario.has_value();
  bool ca_is_made = false;
  for (const auto& listener : config.listeners) {
    check.look_at(listener, rehearsed);
    ca_is_made |= listener.tls && !listener.tls->ca.empty();
  }
  for (const auto& upstream : config.upstreams) check.look_at(upstream);
  if (!rehearsed) return check.take();
  for (const auto& probe : config.scenario->probes) check.look_at(probe, ca_is_made);
  return check.take();
}

}  // namespace brownout::proxy
