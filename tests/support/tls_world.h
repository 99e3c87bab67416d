// A real proxy that terminates TLS (or passes it through) in front of the echo server, a CA in a
// temp folder, and a TLS client by OpenSSL: how its handshake and a message went, as text.
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
    bool resets = false;    // at the end, instead of a FIN
    std::size_t bytes = 5;  // of the message that comes back
    std::chrono::milliseconds patience = 5s;
    // Done when nothing comes of a handshake; only then it is given up.
    std::function<void()> meanwhile = {};
  };

  // `listener`: keys besides, e.g. protocol = "tls" to pass through (to a server that echoes).
  explicit TlsWorld(const std::string& rules = "", bool terminated = true);
  ~TlsWorld();

  // "ok" when a message came back whole and the end was announced, else what failed.
  std::string talk(const Client& client) const;
  std::string talk() const { return talk(Client{}); }

  std::string folder;
  std::unique_ptr<ProxyWorld> proxy;
};

}  // namespace brownout::test
