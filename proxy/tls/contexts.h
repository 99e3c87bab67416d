// ServerContexts creates TLS sessions with the clients of a listener that terminates TLS.
// ClientContext creates TLS sessions with the servers of an upstream. They are made when a rule
// file is loaded, and shared by all workers. Safe on any thread.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "proxy/tls/authority.h"
#include "proxy/tls/openssl.h"
#include "rules/language/config.h"

namespace brownout::tls {

// Versions of HTTP that are offered or accepted by ALPN where the rule file has no `alpn`.
enum class OfferedHttp { kNone, kHttp1, kHttp2, kAny };

class ServerContexts {
 public:
  // Reads the files that `config` names; an error names the file and what to do. `http` are the
  // versions that ALPN selects if config.alpn is empty. `authority` mints certificates if `config`
  // names no CA; may be null.
  static rules::Result<std::shared_ptr<ServerContexts>> make(
      const rules::TlsServer& config, OfferedHttp http,
      std::shared_ptr<const Authority> authority = nullptr);

  // Makes a session for a client that asks for `name` by SNI. Without SNI, `name` is the address to
  // which the client connected. The certificate's validity is counted from `now`, in seconds since
  // 1970.
  SslPtr session(const std::string& name, const rules::TlsVerdict& verdict,
                 std::time_t now = std::time(nullptr));

 private:
  struct Entry {
    CtxPtr context;
    std::string staple;  // OCSP response to send with the certificate; "" for none
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
  std::string protocols_;  // protocols to offer by ALPN (RFC 7301), as ALPN encodes them
  std::shared_ptr<const Authority> authority_;  // or null
  CtxPtr given_;  // context for the certificate that the rule file gives, if any
  // Limit of names in the cache, since clients choose the names. A full cache is cleared.
  static constexpr std::size_t kMostNames = 1024;
  // A certificate is issued again after this many seconds. After a day, its OCSP response would
  // expire, and a certificate that is not yet valid would become valid.
  static constexpr std::time_t kRenewedAfter = 12 * 60 * 60;
  std::mutex mutex_;
  std::map<std::pair<std::string, rules::Flaw>, std::shared_ptr<Entry>> minted_;
};

class ClientContext {
 public:
  static rules::Result<std::shared_ptr<ClientContext>> make(const rules::TlsClient& config);
  // Makes a session with the server whose name or address is `host`.
  SslPtr session(const std::string& host, OfferedHttp http = OfferedHttp::kNone) const;
  // Whether both contexts have the same settings, and files with the same contents.
  bool same_as(const ClientContext& other) const {
    return config_ == other.config_ && files_ == other.files_;
  }

 private:
  rules::TlsClient config_;
  std::string files_;  // contents of the files that config_ names, to detect changes
  CtxPtr context_;
};

}  // namespace brownout::tls
