// Reads PEM files (RFC 7468) that a user has named. A reload must not block, so only regular files
// are read, and passphrases are not supported. Errors name the file.
#pragma once

#include <string>

#include "proxy/tls/openssl.h"

namespace brownout::tls {

// The file's contents, to read PEM from.
rules::Result<BioPtr> open_pem(const std::string& path);

CertPtr read_certificate(BIO* pem);  // null if there is none; see take_error()
KeyPtr read_key(BIO* pem);           // null if there is none; see take_error()

// Whether the file can be used as a certificate with its chain.
bool is_certificate(const std::string& path);
// Uses a certificate with its chain, and its key. No effect if `certificate` is "".
rules::Result<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                                    const std::string& key);

// Trusts the CAs in the file, and applies its revocation lists.
rules::Result<void> trust(SSL_CTX* context, const std::string& path);
// The same for certificates of clients, to which the names of the CAs are sent.
rules::Result<void> trust_clients_of(SSL_CTX* context, const std::string& path);

}  // namespace brownout::tls
