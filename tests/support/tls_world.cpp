#include "tests/support/tls_world.h"

#include <openssl/ocsp.h>
#include <sys/time.h>

#include "proxy/tls/authority.h"

namespace brownout::test {
namespace {

std::string new_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "brownout-tls.XXXXXX").string();
  return ::mkdtemp(pattern.data()) != nullptr ? pattern : std::string("/nonexistent");
}

WorldOptions options_of(const std::string& folder, bool terminated) {
  WorldOptions options;
  options.listener = terminated ? "tls = { ca = \"" + folder + "\" }" : "protocol = \"tls\"";
  return options;
}

// The certificate status in the stapled OCSP response, as text.
std::string stapled_status(SSL* ssl) {
  const unsigned char* der = nullptr;
  const auto size = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
  if (der == nullptr) return "no staple";
  auto* response = d2i_OCSP_RESPONSE(nullptr, &der, size);
  if (response == nullptr) return "a broken staple";
  auto* basic = OCSP_response_get1_basic(response);
  int status = -1;
  if (basic != nullptr && OCSP_resp_count(basic) > 0) {
    status = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), nullptr, nullptr, nullptr, nullptr);
  }
  OCSP_BASICRESP_free(basic);
  OCSP_RESPONSE_free(response);
  return OCSP_cert_status_str(status);
}

}  // namespace

TlsWorld::TlsWorld(const std::string& rules, bool terminated) : folder(new_folder()) {
  (void)tls::Authority::init(folder);
  proxy = std::make_unique<ProxyWorld>(rules, options_of(folder, terminated));
}

TlsWorld::~TlsWorld() {
  proxy.reset();
  std::filesystem::remove_all(folder);
}

std::string TlsWorld::talk(const Client& client) const {
  auto fd = proxy->connect();
  if (client.resets) proxy::reset_on_close(fd);
  const timeval patience{client.patience.count() / 1000, client.patience.count() % 1000 * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const tls::CtxPtr context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_load_verify_file(context.get(), (folder + "/ca.pem").c_str());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const tls::SslPtr ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
  SSL_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  SSL_set_tlsext_host_name(ssl.get(), client.sni.c_str());
  SSL_set1_host(ssl.get(), client.sni.c_str());
  if (client.asks_for_ocsp) SSL_set_tlsext_status_type(ssl.get(), TLSEXT_STATUSTYPE_ocsp);
  if (!client.alpn.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(client.alpn.data()),
                        static_cast<unsigned>(client.alpn.size()));
  }
  ERR_clear_error();
  int shaken = SSL_connect(ssl.get());
  if (client.meanwhile && SSL_get_error(ssl.get(), shaken) == SSL_ERROR_WANT_READ) {
    client.meanwhile();
    shaken = SSL_connect(ssl.get());
  }
  const auto reason = [&](int result) -> std::string {
    switch (SSL_get_error(ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return "nothing comes";
      case SSL_ERROR_ZERO_RETURN:
        return "end";
      case SSL_ERROR_SYSCALL:
        return errno == EAGAIN || errno == EWOULDBLOCK ? "nothing comes" : "reset";
      default:
        return tls::take_error();
    }
  };
  if (const auto verified = SSL_get_verify_result(ssl.get()); verified != X509_V_OK)
    return X509_verify_cert_error_string(verified);
  if (shaken != 1) return reason(shaken);
  if (client.asks_for_ocsp) return stapled_status(ssl.get());
  // Echo the data piece by piece. If all data were written before reading, client and echo server
  // would wait for each other.
  const std::string piece(std::min<std::size_t>(client.bytes, 16'384), 'm');
  std::string buffer(piece.size(), ' ');
  for (std::size_t sent = 0; sent < client.bytes; sent += piece.size()) {
    const int written = SSL_write(ssl.get(), piece.data(), static_cast<int>(piece.size()));
    if (written <= 0) return reason(written);
    std::string back;
    while (back.size() < piece.size()) {
      const int got = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (got <= 0) return reason(got);
      back.append(buffer, 0, static_cast<std::size_t>(got));
    }
    if (back != piece) return "another message";
  }
  // The echo server closes its connection after the client does.
  SSL_shutdown(ssl.get());
  ::shutdown(fd.get(), SHUT_WR);
  const int end = SSL_read(ssl.get(), buffer.data(), 1);
  const auto how = reason(end);
  return how == "end" ? "ok " + std::string(SSL_get_version(ssl.get())) : how;
}

}  // namespace brownout::test
