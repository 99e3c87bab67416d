// Reads PEM files (RFC 7468) that a user has named. A reload must not block, so only regular files
// are read, and passphrases are not supported. Errors name the file.
#pragma once

#include <string>

#include "proxy/tls/openssl.h"

namespace brownout::tls {

// Opens a file to read PEM from.
rules::Result<BioPtr> open_pem(const std::string& path);

CertPtr read_certificate(BIO* pem);  // null if there is none; take_error() tells why
KeyPtr read_key(BIO* pem);           // null if there is none; take_error() tells why

// Whether the file contains a certificate, with its chain, that can be used.
bool is_certificate(const std::string& path);
// Makes `context` show this certificate with its chain, and use the private key. Does nothing if
// `certificate` is "".
rules::Result<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                                    const std::string& key);

// Makes `context` trust the CAs in the file, and apply the revocation lists (CRL) in it.
rules::Result<void> trust(SSL_CTX* context, const std::string& path);
// Makes `context` trust certificates of clients that these CAs have issued. Also sends the names of
// the CAs to clients.
rules::Result<void> trust_clients_of(SSL_CTX* context, const std::string& path);

}  // namespace brownout::tls
