// OpenSSL objects that free themselves, and its errors as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "rules/base/result.h"

namespace brownout::tls {

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using CtxPtr = std::shared_ptr<SSL_CTX>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Freed<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;

// The newest error of this thread, and forgets all.
std::string take_error();

// "tls: cannot read FILE: no such file" and the like.
inline tl::unexpected<rules::Error> failed(const std::string& what, const std::string& hint = {}) {
  return tl::unexpected(rules::Error{rules::Origin::kConfig, what, hint, {}});
}

}  // namespace brownout::tls
