// TlsLayer: what is between a connection's owner and its socket when the connection is TLS: a
// session (TLS is terminated here), a filter for the records that go out (faults), or both.
//
// As non-blocking as its socket, whose descriptor it borrows. Loop's thread only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "proxy/tls/openssl.h"
#include "rules/protocols/tls/codec/record_filter.h"

namespace brownout::tls {

enum class Progress { kAgain, kDone, kFailed };

class TlsLayer {
 public:
  explicit TlsLayer(int socket) : socket_(socket) {}
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  void filter(const codecs::RecordFilter& filter) { filter_ = filter; }
  // What was read of the socket before: it is received first.
  void give_back(std::vector<std::byte> bytes) { ahead_ = std::move(bytes); }
  // TLS from here on; `close_notify`: whether its end is announced.
  void start(SslPtr session, bool close_notify);
  Progress handshake();
  // Why the handshake, or the session behind it, failed: the alert that passed (RFC 8446, 6), and
  // what to do. "" while neither did.
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
  struct PassedAlert {
    bool received = false;  // else it was sent
    std::uint8_t code = 0;
  };
  ssize_t receive_records(std::span<std::byte> into);
  ssize_t send_records(std::span<const std::byte> bytes);
  ssize_t failed_io(int result);
  std::string explain(std::string reason) const;
  static void note_alert(const SSL* session, int where, int code);

  int socket_;
  std::vector<std::byte> ahead_;
  std::size_t ahead_read_ = 0;
  std::optional<codecs::RecordFilter> filter_;
  SslPtr ssl_;
  bool announces_end_ = true;
  std::optional<PassedAlert> alert_;  // a fatal one
  std::string why_;
};

}  // namespace brownout::tls
