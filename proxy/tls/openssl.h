// Smart pointers that own OpenSSL objects, and functions that return OpenSSL errors as text.
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

// Returns the text of this thread's latest OpenSSL error, and clears the thread's error queue.
std::string take_error();

// Makes an error of the configuration, e.g. "cannot read FILE: no such file".
inline tl::unexpected<rules::Error> failed(const std::string& what, const std::string& hint = {}) {
  return tl::unexpected(rules::Error{rules::Origin::kConfig, what, hint, {}});
}

}  // namespace brownout::tls
