// TlsLayer: what is between a connection's owner and its socket when the connection is TLS: a
// session (TLS is terminated here), a filter for the records that go out (faults), or both.
//
// As non-blocking as its socket, whose descriptor it borrows. Loop's thread only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "proxy/codecs/record_filter.h"
#include "proxy/tls/openssl.h"

namespace brownout::tls {

enum class Progress { kAgain, kDone, kFailed };

class TlsLayer {
 public:
  explicit TlsLayer(int socket) : socket_(socket) {}
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  void filter(const codecs::RecordFilter& filter) { filter_ = filter; }
  // TLS from here on; `close_notify`: whether its end is announced.
  void start(SslPtr session, bool close_notify);
  Progress handshake();
  // Why the handshake failed.
  const std::string& why() const { return why_; }
  bool terminated() const { return ssl_ != nullptr; }
  // The filter lets nothing pass any more.
  bool stopped() const { return filter_ && filter_->stopped(); }

  // As recv(2) and send(2).
  ssize_t receive(std::span<std::byte> into);
  ssize_t send(std::span<const std::byte> bytes);
  void close_notify();

 private:
  friend struct SocketBio;
  ssize_t send_records(std::span<const std::byte> bytes);
  ssize_t failed_io(int result);

  int socket_;
  std::optional<codecs::RecordFilter> filter_;
  SslPtr ssl_;
  bool announces_end_ = true;
  std::string why_;
};

}  // namespace brownout::tls
