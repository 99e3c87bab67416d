// UserLink: the connection of a synthetic user to a server, with TLS in it or without. Failures are
// sentences.
//
// Blocking; used by its user's thread only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proxy/rehearsal/probe_client.h"
#include "proxy/tls/contexts.h"
#include "proxy/tls/layer.h"

namespace brownout::rehearsal {

// What the probe says of TLS; null where it says nothing, which means none.
Outcome<std::shared_ptr<tls::ClientContext>> tls_of(const rules::Probe& probe);

class UserLink {
 public:
  // Why not, or "".
  std::string connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                      Instant deadline);
  std::string shake_hands(const tls::ClientContext& context, const std::string& host,
                          Instant deadline);
  void close();
  bool is_open() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }

  // All of it, or why not.
  std::string send(std::string_view words, Instant deadline);
  // Some bytes; 0: the deadline came.
  Outcome<std::size_t> receive(std::span<std::byte> into, Instant deadline);
  // Some bytes that are there; 0: there are none.
  Outcome<std::size_t> receive(std::span<std::byte> into);

 private:
  Fd fd_;
  std::optional<tls::TlsLayer> layer_;
};

}  // namespace brownout::rehearsal
