#include "proxy/tls/contexts.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>

#include "proxy/loop/read_file.h"
#include "proxy/tls/pem_files.h"
#include "rules/base/address.h"

namespace brownout::tls {
namespace {

int number_of(rules::TlsVersion version) {
  switch (version) {
    case rules::TlsVersion::k10:
      return TLS1_VERSION;
    case rules::TlsVersion::k11:
      return TLS1_1_VERSION;
    case rules::TlsVersion::k12:
      return TLS1_2_VERSION;
    case rules::TlsVersion::k13:
      break;
  }
  return TLS1_3_VERSION;
}

// Encodes protocols for ALPN (RFC 7301, section 3.1): each name follows a byte with its length.
std::string alpn_of(const std::vector<std::string>& protocols) {
  std::string list;
  for (const auto& protocol : protocols) {
    list += static_cast<char>(std::min<std::size_t>(protocol.size(), 255));
    list += protocol.substr(0, 255);
  }
  return list;
}

CtxPtr new_context(const SSL_METHOD* method) {
  CtxPtr context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// Returns the contents of the files, to detect changes. An unreadable file counts as "", since the
// code that uses it reports the error.
std::string contents_of(const std::vector<std::string>& paths) {
  std::string all;
  for (const auto& path : paths) {
    if (path.empty()) continue;
    const auto text = proxy::read_regular(path).value_or("");
    all += std::to_string(text.size()) + ":" + text;
  }
  return all;
}

}  // namespace

rules::Result<std::shared_ptr<ServerContexts>> ServerContexts::make(
    const rules::TlsServer& config, OfferedHttp http, std::shared_ptr<const Authority> authority) {
  auto contexts = std::shared_ptr<ServerContexts>(new ServerContexts);
  contexts->config_ = config;
  contexts->protocols_ = alpn_of(config.alpn);
  if (config.alpn.empty() && http != OfferedHttp::kNone) {
    std::vector<std::string> versions{"http/1.1", "http/1.0"};
    if (http == OfferedHttp::kAny) versions.insert(versions.begin(), "h2");
    contexts->protocols_ = alpn_of(versions);
  }
  contexts->authority_ = std::move(authority);
  if (!config.ca.empty()) {
    auto loaded = Authority::load(config.ca);
    if (!loaded) return tl::unexpected(loaded.error());
    contexts->authority_ = std::make_shared<const Authority>(std::move(*loaded));
  }
  contexts->given_ = new_context(TLS_server_method());
  auto ready = contexts->read_client_ca();
  contexts->set_up(contexts->given_.get());
  if (ready) ready = use_certificate(contexts->given_.get(), config.certificate, config.key);
  if (!ready) return tl::unexpected(ready.error());
  return contexts;
}

rules::Result<void> ServerContexts::read_client_ca() {
  if (config_.client_ca.empty()) return {};
  const auto read = trust_clients_of(given_.get(), config_.client_ca);
  if (!read) {
    return failed("cannot read client_ca " + read.error().what,
                  "give a PEM file with the CAs that sign the clients' certificates");
  }
  return {};
}

void ServerContexts::set_up(SSL_CTX* context) {
  if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, this);
  if (config_.client_ca.empty()) return;
  if (context != given_.get()) {
    SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(given_.get()));
    SSL_CTX_set_client_CA_list(context, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(given_.get())));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // OpenSSL needs a session id context to resume sessions of clients with certificates.
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("brownout"), 8);
}

ServerContexts::Entry ServerContexts::make_entry(const std::string& name, rules::Flaw flaw,
                                                 std::time_t now) {
  Entry entry{new_context(TLS_server_method()), {}, now};
  set_up(entry.context.get());
  const bool unknown = flaw == rules::Flaw::kUnknownCa;
  const auto stranger = unknown ? std::optional(Authority::unknown()) : std::nullopt;
  const auto& issuer = unknown ? *stranger : *authority_;
  const auto minted = issuer.mint(name, flaw, now);
  if (flaw == rules::Flaw::kWeakKey) SSL_CTX_set_security_level(entry.context.get(), 0);
  SSL_CTX_use_certificate(entry.context.get(), minted.certificate.get());
  SSL_CTX_use_PrivateKey(entry.context.get(), minted.key.get());
  // Sends the CA too, since some clients look for the issuer of a stapled OCSP response only in the
  // chain.
  if (flaw != rules::Flaw::kSelfSigned) {
    SSL_CTX_add1_chain_cert(entry.context.get(), issuer.certificate());
  }
  if (flaw == rules::Flaw::kRevoked)
    entry.staple = issuer.revocation(minted.certificate.get(), now);
  return entry;
}

std::shared_ptr<ServerContexts::Entry> ServerContexts::entry_for(const std::string& name,
                                                                 rules::Flaw flaw,
                                                                 std::time_t now) {
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(name, flaw);
  const auto found = minted_.find(key);
  // Does not use a certificate that was issued after `now`, as the cache may contain if the clock
  // was set back.
  if (found != minted_.end() && now >= found->second->minted &&
      now - found->second->minted < kRenewedAfter) {
    return found->second;
  }
  // Clears the cache, which is safe: sessions hold references to the contexts that they use.
  if (minted_.size() >= kMostNames) minted_.clear();
  auto entry = std::make_shared<Entry>(make_entry(name, flaw, now));
  SSL_CTX_set_tlsext_status_cb(entry->context.get(), staple);
  return minted_[key] = std::move(entry);
}

SslPtr ServerContexts::session(const std::string& name, const rules::TlsVerdict& verdict,
                               std::time_t now) {
  const bool given = !config_.certificate.empty() && verdict.flaw == rules::Flaw::kNone;
  SslPtr ssl;
  if (given || !authority_) {
    ssl.reset(SSL_new(given_.get()));
  } else {
    const auto entry = entry_for(name, verdict.flaw, now);
    ssl.reset(SSL_new(entry->context.get()));
    if (!entry->staple.empty()) {
      // Copies the response, since SSL_set_tlsext_status_ocsp_resp takes ownership.
      auto* copy =
          static_cast<unsigned char*>(OPENSSL_memdup(entry->staple.data(), entry->staple.size()));
      SSL_set_tlsext_status_ocsp_resp(ssl.get(), copy, static_cast<long>(entry->staple.size()));
    }
  }
  if (verdict.most) {
    SSL_set_max_proto_version(ssl.get(), number_of(*verdict.most));
    if (*verdict.most < rules::TlsVersion::k12) {
      // Allows TLS 1.0 and 1.1, which OpenSSL 3 supports at security level 0 only.
      SSL_set_min_proto_version(ssl.get(), TLS1_VERSION);
      SSL_set_security_level(ssl.get(), 0);
      SSL_set_cipher_list(ssl.get(), "ALL:@SECLEVEL=0");
    }
  }
  SSL_set_accept_state(ssl.get());
  return ssl;
}

int ServerContexts::choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                                    const unsigned char* in, unsigned in_size, void* self) {
  const auto& ours = static_cast<ServerContexts*>(self)->protocols_;
  unsigned char* chosen = nullptr;
  const auto result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size);
  *out = chosen;
  // Without a common protocol, the server sends the alert no_application_protocol (RFC 7301,
  // section 3.2).
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContexts::staple(SSL* ssl, void*) {
  unsigned char* response = nullptr;
  const auto size = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
  return response != nullptr && size > 0 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

rules::Result<std::shared_ptr<ClientContext>> ClientContext::make(const rules::TlsClient& config) {
  auto client = std::make_shared<ClientContext>();
  client->config_ = config;
  client->files_ = contents_of({config.ca, config.certificate, config.key});
  client->context_ = new_context(TLS_client_method());
  auto* context = client->context_.get();
  if (config.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (config.ca.empty() && SSL_CTX_set_default_verify_paths(context) != 1) {
      return failed("cannot read the CAs of this machine: " + take_error(),
                    "install the package ca-certificates, or set ca in the upstream's tls");
    }
    if (const auto read = config.ca.empty() ? rules::Result<void>() : trust(context, config.ca);
        !read) {
      return failed("cannot read ca " + read.error().what, "give a PEM file with the CAs to trust");
    }
  }
  const auto protocols = alpn_of(config.alpn);
  if (!protocols.empty()) {
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }
  const auto used = use_certificate(context, config.certificate, config.key);
  if (!used) return tl::unexpected(used.error());
  return client;
}

SslPtr ClientContext::session(const std::string& host, OfferedHttp http) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (http != OfferedHttp::kNone && config_.alpn.empty()) {
    std::vector<std::string> versions;
    if (http != OfferedHttp::kHttp1) versions.push_back("h2");
    if (http != OfferedHttp::kHttp2) versions.push_back("http/1.1");
    const auto offer = alpn_of(versions);
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offer.data()),
                        static_cast<unsigned>(offer.size()));
  }
  auto name = config_.name.empty() ? host : config_.name;
  // Removes a trailing dot, which SNI and certificates do not have (RFC 6066, section 3).
  if (name.ends_with('.')) name.pop_back();
  if (rules::IpAddress::parse(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set1_host(ssl.get(), name.c_str());
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace brownout::tls
