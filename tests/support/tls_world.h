// TlsWorld runs a real proxy that terminates TLS or passes it through to an echo server, and
// provides an OpenSSL client. Its CA is in a temporary folder. Results are compared as text.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "tests/support/proxy_world.h"

namespace brownout::test {

class TlsWorld {
 public:
  struct Client {
    std::string sni = "chat.example.org";
    std::string alpn = {};  // in wire format: "\x02h2"
    bool asks_for_ocsp = false;
    bool resets = false;    // ends with a RST instead of a FIN
    std::size_t bytes = 5;  // the size of the echoed message
    std::chrono::milliseconds patience = 5s;
    // Called once if the handshake makes no progress, before the client gives up.
    std::function<void()> meanwhile = {};
  };

  // If `terminated` is false, TLS passes through to the echo server.
  explicit TlsWorld(const std::string& rules = "", bool terminated = true);
  ~TlsWorld();

  // "ok" and the TLS version if a message was echoed and the connection ended with close_notify.
  // Otherwise the error.
  std::string talk(const Client& client) const;
  std::string talk() const { return talk(Client{}); }

  std::string folder;
  std::unique_ptr<ProxyWorld> proxy;
};

}  // namespace brownout::test
