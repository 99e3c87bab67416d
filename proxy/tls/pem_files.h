// PEM files (RFC 7468) that a user names, as a reload may read them: only regular files are read,
// and no passphrase is asked for, so that nobody is waited for. Errors name the file.
#pragma once

#include <string>

#include "proxy/tls/openssl.h"

namespace brownout::tls {

// What is in it, to read PEM from.
rules::Result<BioPtr> open_pem(const std::string& path);

CertPtr read_certificate(BIO* pem);  // null when there is none; take_error() says why
KeyPtr read_key(BIO* pem);           // the same

// Whether it can be used as a certificate with its chain.
bool is_certificate(const std::string& path);
// A certificate with its chain, and its key. Nothing where `certificate` is "".
rules::Result<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                                    const std::string& key);

// Whose certificates are trusted, and what they have revoked.
rules::Result<void> trust(SSL_CTX* context, const std::string& path);
// The same, of clients, who are told the names.
rules::Result<void> trust_clients_of(SSL_CTX* context, const std::string& path);

}  // namespace brownout::tls
