#include "proxy/tls/layer.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "rules/protocols/tls/tls.h"

namespace brownout::tls {
namespace {

struct AlertHint {
  std::uint8_t code;
  bool received;
  bool from_server;  // true if the peer is a server; false if it is a client
  std::string_view hint;
};

constexpr std::string_view kGiveOurs =
    "the server requires a client certificate that it trusts: set certificate and key in the "
    "upstream's tls";
constexpr std::string_view kTrustIt =
    "the client rejects the certificate: let the client trust the CA of the certificate, and "
    "connect to a name that the certificate contains";
constexpr std::string_view kTrustTheirs =
    "in the upstream's tls (in upstream_tls of a listener that intercepts or is a proxy), set ca "
    "to the CA of the server's certificate, and name to a name that the certificate contains, or "
    "set verify = false";
constexpr std::string_view kWantTheirs =
    "client_ca requires a client certificate that this CA has signed";
constexpr std::string_view kCommonAlpn = "client and server have no protocol (alpn) in common";
constexpr std::string_view kCommonVersion = "client and server have no version of TLS in common";

// Explains alerts to users, by the code of the alert (RFC 8446, section 6.2).
constexpr std::array<AlertHint, 20> kAlertHints{
    {{116, true, true, kGiveOurs},     {40, true, true, kGiveOurs},
     {42, true, true, kGiveOurs},      {45, true, true, kGiveOurs},
     {46, true, true, kGiveOurs},      {48, true, true, kGiveOurs},
     {42, true, false, kTrustIt},      {45, true, false, kTrustIt},
     {46, true, false, kTrustIt},      {48, true, false, kTrustIt},
     {42, false, true, kTrustTheirs},  {45, false, true, kTrustTheirs},
     {46, false, true, kTrustTheirs},  {48, false, true, kTrustTheirs},
     {116, false, false, kWantTheirs}, {48, false, false, kWantTheirs},
     {120, true, true, kCommonAlpn},   {120, false, false, kCommonAlpn},
     {70, true, true, kCommonVersion}, {70, false, false, kCommonVersion}}};

}  // namespace

// The state of OpenSSL's I/O object (BIO), which reads and writes the socket, and passes outgoing
// records through the fault's filter.
struct SocketBio {
  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    auto& layer = *static_cast<TlsLayer*>(BIO_get_data(bio));
    const auto sent =
        layer.send_records(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
  }
  static int read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    auto& layer = *static_cast<TlsLayer*>(BIO_get_data(bio));
    const auto got = layer.receive_records(
        std::as_writable_bytes(std::span(data, static_cast<std::size_t>(size))));
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_read(bio);
    return static_cast<int>(got);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>> kMethod = [] {
      std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>> made(
          BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "brownout socket"));
      BIO_meth_set_write(made.get(), write);
      BIO_meth_set_read(made.get(), read);
      BIO_meth_set_ctrl(made.get(), control);
      return made;
    }();
    return kMethod.get();
  }
};

void TlsLayer::start(SslPtr session, bool close_notify) {
  ssl_ = std::move(session);
  announces_end_ = close_notify;
  auto* bio = BIO_new(SocketBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  // Uses the same BIO to read and to write. SSL_set_bio takes ownership of it.
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_info_callback(ssl_.get(), note_alert);
}

void TlsLayer::note_alert(const SSL* session, int where, int code) {
  constexpr int kFatal = 2;
  if ((where & SSL_CB_ALERT) == 0 || code >> 8 != kFatal) return;
  auto& layer = *static_cast<TlsLayer*>(SSL_get_app_data(session));
  layer.alert_ = {(where & SSL_CB_READ) != 0, static_cast<std::uint8_t>(code & 0xff)};
}

std::string TlsLayer::explain(std::string reason) const {
  if (!alert_) return reason;
  reason += "; alert " + rules::to_text(rules::TlsAlert{alert_->code}) +
            (alert_->received ? " received" : " sent");
  const bool server = SSL_is_server(ssl_.get()) == 0;
  for (const auto& row : kAlertHints) {
    if (row.code != alert_->code || row.received != alert_->received) continue;
    if (row.from_server == server) return reason + " (" + std::string(row.hint) + ")";
  }
  return reason;
}

std::string_view TlsLayer::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

bool TlsLayer::certificate_refused() const {
  if (!alert_) return cut_;
  // Codes of alerts with which a peer rejects a certificate: bad_certificate,
  // unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown,
  // unknown_ca (RFC 8446, 6.2).
  constexpr std::array<std::uint8_t, 6> kOfCertificates{42, 43, 44, 45, 46, 48};
  return alert_->received && std::find(kOfCertificates.begin(), kOfCertificates.end(),
                                       alert_->code) != kOfCertificates.end();
}

Progress TlsLayer::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Progress::kDone;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Progress::kAgain;
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    why_ = std::string("certificate: ") + X509_verify_cert_error_string(verified);
    ERR_clear_error();
  } else if (ERR_peek_error() != 0) {
    cut_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    why_ = take_error();
  } else {
    cut_ = true;
    why_ = "the connection ended during the TLS handshake";
  }
  why_ = explain(std::move(why_));
  return Progress::kFailed;
}

ssize_t TlsLayer::receive_records(std::span<std::byte> into) {
  if (ahead_.empty()) return ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
  const auto size = std::min(into.size(), ahead_.size() - ahead_read_);
  std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_read_), size, into.begin());
  ahead_read_ += size;
  if (ahead_read_ == ahead_.size()) ahead_ = {};
  return static_cast<ssize_t>(size);
}

ssize_t TlsLayer::receive(std::span<std::byte> into) {
  if (!ssl_) return receive_records(into);
  // Reads as many records as fit into the buffer, since SSL_read returns one at a time.
  std::size_t total = 0;
  while (total < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &got);
    if (result != 1) return total > 0 ? static_cast<ssize_t>(total) : failed_io(result);
    total += got;
  }
  return static_cast<ssize_t>(total);
}

ssize_t TlsLayer::send(std::span<const std::byte> bytes) {
  if (!ssl_) return send_records(bytes);
  std::size_t total = 0;
  while (total < bytes.size()) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &sent);
    if (result != 1) return total > 0 ? static_cast<ssize_t>(total) : failed_send(result);
    total += sent;
  }
  return static_cast<ssize_t>(total);
}

// Converts the error of SSL_read or SSL_write to the result of recv(2): -1 and errno, or 0 at the
// end of the stream.
ssize_t TlsLayer::failed_io(int result) {
  const int saved = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      errno = saved != 0 ? saved : ECONNRESET;
      return -1;
    default:
      break;
  }
  const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const auto reason = take_error();
  // A FIN without close_notify is reported as the end of the stream.
  if (cut) return 0;
  why_ = explain(reason);
  errno = EPROTO;
  return -1;
}

// OpenSSL reports any failure of the socket as the end of the stream once the peer has sent
// close_notify. A caller that got 0 would send again for ever.
ssize_t TlsLayer::failed_send(int result) {
  const auto failed = failed_io(result);
  if (failed != 0) return failed;
  errno = EPIPE;
  return -1;
}

void TlsLayer::close_notify() {
  if (!ssl_ || !announces_end_ || !SSL_is_init_finished(ssl_.get())) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

// Sends records through the fault's filter. Bytes that the socket does not accept must not advance
// the filter's state.
ssize_t TlsLayer::send_records(std::span<const std::byte> bytes) {
  if (!filter_) return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  auto after = *filter_;
  std::vector<std::byte> changed(bytes.begin(), bytes.end());
  const auto passes = after.apply(changed);
  if (passes == 0) {
    *filter_ = after;
    return static_cast<ssize_t>(bytes.size());
  }
  const auto sent = ::send(socket_, changed.data(), passes, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return -1;
  if (static_cast<std::size_t>(sent) == passes) {
    *filter_ = after;
    return static_cast<ssize_t>(bytes.size());
  }
  std::vector<std::byte> again(bytes.begin(), bytes.begin() + sent);
  filter_->apply(again);
  return sent;
}

}  // namespace brownout::tls
