// What is needed to begin a TLS session, made when a rule file is loaded: of a listener that
// terminates TLS, and of an upstream that speaks it. Any thread.
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
  // Reads all files; an error names the file and what to do. `http`: ALPN of an http listener.
  static rules::Result<std::shared_ptr<ServerContexts>> make(const rules::TlsServer& config,
                                                             bool http);

  // A session for a client that asks for `name` (or, when it names none, came to that address).
  // `now`: what a certificate is valid at, in seconds since 1970.
  SslPtr session(const std::string& name, const rules::TlsVerdict& verdict,
                 std::time_t now = std::time(nullptr));

 private:
  struct Entry {
    CtxPtr context;
    std::string staple;  // an OCSP response
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
  std::string protocols_;  // as ALPN has them
  std::optional<Authority> authority_;
  CtxPtr given_;  // with the certificate of the rule file
  // Names are chosen by clients: past kMostNames the oldest are forgotten.
  static constexpr std::size_t kMostNames = 1024;
  // Before anything of it changes with time: an OCSP response ends, and a certificate that is not
  // valid yet becomes valid, after a day.
  static constexpr std::time_t kRenewedAfter = 12 * 60 * 60;
  std::mutex mutex_;
  std::map<std::pair<std::string, rules::Flaw>, std::shared_ptr<Entry>> minted_;
};

class ClientContext {
 public:
  static rules::Result<std::shared_ptr<ClientContext>> make(const rules::TlsClient& config);
  // A session with a server that was given as `host`.
  SslPtr session(const std::string& host) const;
  // Whether both were made of the same settings and files.
  bool same_as(const ClientContext& other) const {
    return config_ == other.config_ && files_ == other.files_;
  }

 private:
  rules::TlsClient config_;
  std::string files_;  // what was in them
  CtxPtr context_;
};

}  // namespace brownout::tls
