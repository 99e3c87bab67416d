// ServerContexts and ClientContext: create the TLS sessions of a listener that terminates TLS and
// of an upstream with TLS. They are made when a rule file is loaded, and shared by all workers. Any
// thread.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "proxy/tls/authority.h"
#include "proxy/tls/openssl.h"
#include "rules/language/config.h"

namespace brownout::tls {

class ServerContexts {
 public:
  // Reads all files; an error names the file and what to do. `http`: if config.alpn is empty,
  // select http/1.1 and http/1.0.
  static rules::Result<std::shared_ptr<ServerContexts>> make(const rules::TlsServer& config,
                                                             bool http);

  // Session for a client whose SNI is `name`; without SNI, `name` is the address it connected to.
  // Its certificate's validity is relative to `now`, in seconds since 1970.
  SslPtr session(const std::string& name, const rules::TlsVerdict& verdict,
                 std::time_t now = std::time(nullptr));

 private:
  struct Entry {
    CtxPtr context;
    std::string staple;  // OCSP response, or ""
    std::time_t minted = 0;
  };
  ServerContexts() = default;
  rules::Result<void> read_client_ca();
  void set_up(SSL_CTX* context);
  Entry make_entry(const std::string& name, rules::Flaw flaw, std::time_t now);
  std::shared_ptr<Entry> entry_for(const std::string& name, rules::Flaw flaw, std::time_t now);
  static int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                             const unsigned char* in, unsigned in_size, void* self);
  static int staple(SSL* ssl, void* entry);

  rules::TlsServer config_;
  std::string protocols_;  // protocols of ALPN, in wire format
  std::optional<Authority> authority_;
  CtxPtr given_;  // context with the certificate of the rule file
  // Clients choose the names, so the cache is bounded: when full, it is cleared.
  static constexpr std::size_t kMostNames = 1024;
  // A certificate is minted again before its state changes: after a day, its OCSP response expires,
  // and a certificate that is not yet valid becomes valid.
  static constexpr std::time_t kRenewedAfter = 12 * 60 * 60;
  std::mutex mutex_;
  std::map<std::pair<std::string, rules::Flaw>, std::shared_ptr<Entry>> minted_;
};

class ClientContext {
 public:
  static rules::Result<std::shared_ptr<ClientContext>> make(const rules::TlsClient& config);
  // Session with the server whose name or address is `host`.
  SslPtr session(const std::string& host) const;
  // Whether both have the same settings and the same contents of files.
  bool same_as(const ClientContext& other) const {
    return config_ == other.config_ && files_ == other.files_;
  }

 private:
  rules::TlsClient config_;
  std::string files_;  // contents of the files
  CtxPtr context_;
};

}  // namespace brownout::tls
