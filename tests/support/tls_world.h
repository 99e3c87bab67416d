// TlsWorld: a real proxy that terminates TLS or passes it through, in front of the echo server,
// with a CA in a temporary folder and an OpenSSL client. Results are compared as text.
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
    std::string alpn = {};  // as on the wire: "\x02h2"
    bool asks_for_ocsp = false;
    bool resets = false;    // end with RST instead of FIN
    std::size_t bytes = 5;  // size of the echoed message
    std::chrono::milliseconds patience = 5s;
    // Called once if the handshake stalls, before it is given up.
    std::function<void()> meanwhile = {};
  };

  // If `terminated` is false, TLS passes through to the echo server.
  explicit TlsWorld(const std::string& rules = "", bool terminated = true);
  ~TlsWorld();

  // "ok" and the TLS version if a message was echoed and the end was announced; else the failure.
  std::string talk(const Client& client) const;
  std::string talk() const { return talk(Client{}); }

  std::string folder;
  std::unique_ptr<ProxyWorld> proxy;
};

}  // namespace brownout::test
