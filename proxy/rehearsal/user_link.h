// UserLink: a blocking byte connection of a synthetic user to a server, with or without TLS, for
// protocols whose messages Brownout itself encodes. Errors are English text.
//
// Calls block until their deadline; use only on the user's thread.
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

// Returns the TLS settings of the probe; null if it uses no TLS.
Outcome<std::shared_ptr<tls::ClientContext>> tls_of(const rules::Probe& probe);

class UserLink {
 public:
  // Opens the connection. Returns the error; "" after success.
  std::string connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                      Instant deadline);
  std::string shake_hands(const tls::ClientContext& context, const std::string& host,
                          Instant deadline);
  void close();
  bool is_open() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }

  // Sends all of `words`. Returns the error; "" after success.
  std::string send(std::string_view words, Instant deadline);
  // Waits for bytes and returns their number; 0 if the deadline came first.
  Outcome<std::size_t> receive(std::span<std::byte> into, Instant deadline);
  // Receives bytes that have arrived already, without waiting. Returns their number; 0 if no bytes
  // have arrived.
  Outcome<std::size_t> receive(std::span<std::byte> into);

 private:
  Fd fd_;
  std::optional<tls::TlsLayer> layer_;
};

}  // namespace brownout::rehearsal
