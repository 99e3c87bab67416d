// TlsLayer: reads and writes the TLS records of one socket for its owner, a Stream. It has a TLS
// session (if the proxy terminates TLS), a filter of outgoing records (for faults), or both.
//
// Never blocks; does not own the socket's descriptor. Use only on the event loop's thread.
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

// Result of a step of a handshake; kAgain: call again when the socket is ready.
enum class Progress { kAgain, kDone, kFailed };

class TlsLayer {
 public:
  explicit TlsLayer(int socket) : socket_(socket) {}
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  // Applies TLS faults to all records that are sent from now on.
  void filter(const codecs::RecordFilter& filter) { filter_ = filter; }
  // Gives back bytes that were read directly from the socket. receive() returns them first.
  void give_back(std::vector<std::byte> bytes) { ahead_ = std::move(bytes); }
  // Begins TLS. `close_notify` says whether close_notify() sends the alert of that name.
  void start(SslPtr session, bool close_notify);
  Progress handshake();
  // Returns why the handshake or the session failed, with the alert sent or received (RFC 8446,
  // section 6) and a hint what to do. "" if neither failed.
  const std::string& why() const { return why_; }
  bool terminated() const { return ssl_ != nullptr; }
  // Returns the protocol that the handshake chose by ALPN, or "".
  std::string_view protocol() const;
  // Whether the handshake failed because the client refused the certificate: it sent an alert that
  // says so, or ended the connection without one.
  bool certificate_refused() const;
  // Whether a fault blocks all further output.
  bool stopped() const { return filter_ && filter_->stopped(); }

  // Receives bytes. Returns their number, 0 at the end of the stream, or -1 and sets errno, like
  // recv(2).
  ssize_t receive(std::span<std::byte> into);
  ssize_t send(std::span<const std::byte> bytes);
  // Sends the alert close_notify, unless start() was told not to.
  void close_notify();

 private:
  friend struct SocketBio;
  struct PassedAlert {
    bool received = false;  // true if the peer sent the alert; false if this side did
    std::uint8_t code = 0;
  };
  ssize_t receive_records(std::span<std::byte> into);
  ssize_t send_records(std::span<const std::byte> bytes);
  ssize_t failed_io(int result);
  ssize_t failed_send(int result);
  std::string explain(std::string reason) const;
  static void note_alert(const SSL* session, int where, int code);

  int socket_;
  std::vector<std::byte> ahead_;
  std::size_t ahead_read_ = 0;
  std::optional<codecs::RecordFilter> filter_;
  SslPtr ssl_;
  bool announces_end_ = true;
  std::optional<PassedAlert> alert_;  // the last fatal alert that was sent or received
  std::string why_;
  bool cut_ = false;  // the peer ended the connection during the handshake
};

}  // namespace brownout::tls
