#include "proxy/tls/pem_files.h"

#include <openssl/pem.h>

#include <functional>

#include "proxy/loop/read_file.h"

namespace brownout::tls {
namespace {

using InfoList = std::unique_ptr<STACK_OF(X509_INFO), void (*)(STACK_OF(X509_INFO)*)>;

// Refuses to give a passphrase. OpenSSL's default function would ask for one at the terminal, and
// block.
int no_passphrase(char*, int, int, void*) { return -1; }

void free_all(STACK_OF(X509_INFO) * list) { sk_X509_INFO_pop_free(list, X509_INFO_free); }

rules::Result<void> use_chain(SSL_CTX* context, const std::string& path) {
  const auto cannot = [&](const std::string& why) {
    return failed("cannot use the certificate " + path + ": " + why,
                  "give a PEM file that brownout may read");
  };
  const auto pem = open_pem(path);
  if (!pem) return cannot(pem.error().what);
  const auto leaf = read_certificate(pem->get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return cannot(take_error());
  while (auto next = read_certificate(pem->get())) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return cannot(take_error());
    // Releases the pointer, since SSL_CTX_add0_chain_cert took ownership.
    static_cast<void>(next.release());
  }
  // Tells the end of the file from an error, since OpenSSL reports both as errors.
  const auto end = ERR_peek_last_error();
  if (ERR_GET_REASON(end) != PEM_R_NO_START_LINE) return cannot(take_error());
  ERR_clear_error();
  return {};
}

rules::Result<void> use_key(SSL_CTX* context, const std::string& path,
                            const std::string& certificate) {
  const auto cannot = [&](const std::string& why) {
    return failed("cannot use the key " + path + ": " + why,
                  "give a PEM file that brownout may read, with the private key of " + certificate +
                      ", without a passphrase");
  };
  const auto pem = open_pem(path);
  if (!pem) return cannot(pem.error().what);
  const auto key = read_key(pem->get());
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return cannot(take_error());
  return {};
}

// Makes `context` trust all certificates in the file, and calls `taken` with each.
rules::Result<void> trust(SSL_CTX* context, const std::string& path,
                          const std::function<void(X509*)>& taken) {
  const auto pem = open_pem(path);
  if (!pem) return failed(path + ": " + pem.error().what);
  const InfoList list(PEM_X509_INFO_read_bio(pem->get(), nullptr, no_passphrase, nullptr),
                      free_all);
  if (!list) return failed(path + ": " + take_error());
  auto* store = SSL_CTX_get_cert_store(context);
  int found = 0;
  for (int i = 0; i < sk_X509_INFO_num(list.get()); ++i) {
    const auto* info = sk_X509_INFO_value(list.get(), i);
    const bool good = (info->x509 == nullptr || X509_STORE_add_cert(store, info->x509) == 1) &&
                      (info->crl == nullptr || X509_STORE_add_crl(store, info->crl) == 1);
    if (!good) return failed(path + ": " + take_error());
    if (info->x509 != nullptr) taken(info->x509);
    found += info->x509 != nullptr || info->crl != nullptr ? 1 : 0;
  }
  if (found > 0) return {};
  return failed(path + ": the file has no certificate");
}

}  // namespace

rules::Result<BioPtr> open_pem(const std::string& path) {
  const auto text = proxy::read_regular(path);
  if (!text) return tl::unexpected(text.error());
  BioPtr pem(BIO_new(BIO_s_mem()));
  BIO_write(pem.get(), text->data(), static_cast<int>(text->size()));
  BIO_set_mem_eof_return(pem.get(), 0);
  return pem;
}

CertPtr read_certificate(BIO* pem) {
  return CertPtr(PEM_read_bio_X509_AUX(pem, nullptr, no_passphrase, nullptr));
}

KeyPtr read_key(BIO* pem) {
  return KeyPtr(PEM_read_bio_PrivateKey(pem, nullptr, no_passphrase, nullptr));
}

bool is_certificate(const std::string& path) {
  const CtxPtr context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  return use_chain(context.get(), path).has_value();
}

rules::Result<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                                    const std::string& key) {
  if (certificate.empty()) return {};
  if (auto used = use_chain(context, certificate); !used) return used;
  return use_key(context, key, certificate);
}

rules::Result<void> trust(SSL_CTX* context, const std::string& path) {
  return trust(context, path, [](X509*) {});
}

rules::Result<void> trust_clients_of(SSL_CTX* context, const std::string& path) {
  return trust(context, path, [&](X509* ca) { SSL_CTX_add_client_CA(context, ca); });
}

}  // namespace brownout::tls
