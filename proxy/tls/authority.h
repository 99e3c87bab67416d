// Authority: the local certificate authority (CA). `brownout ca init` creates it once, and the
// tested clients trust it. It issues the certificates that the proxy shows to clients: valid ones,
// and invalid ones for faults.
//
// The CA's folder contains ca.pem (the certificate to trust) and ca.key (mode 0600). Neither file
// is ever overwritten.
#pragma once

#include <ctime>
#include <string>

#include "proxy/tls/openssl.h"
#include "rules/protocols/tls/tls.h"

namespace brownout::tls {

struct Certificate {
  CertPtr certificate;
  KeyPtr key;
};

class Authority {
 public:
  // Creates a CA in the folder; fails if the folder already has one.
  static rules::Result<void> init(const std::string& folder);
  static rules::Result<Authority> load(const std::string& folder);
  // Makes a CA that no client trusts, in memory only, for faults with an untrusted issuer.
  static Authority unknown();
  // Makes a CA in memory only, for one command, which gets its certificate as pem().
  static Authority temporary();

  // Issues a certificate for a name or an IP address. `flaw` makes it invalid, for example expired.
  // Its validity is counted from `now`.
  Certificate mint(const std::string& name, rules::Flaw flaw, std::time_t now) const;
  // Returns an OCSP response (RFC 6960, as DER) which says that `certificate` is revoked. It is
  // valid for a day.
  std::string revocation(const X509* certificate, std::time_t now) const;

  X509* certificate() const { return certificate_.get(); }
  // The certificate to trust, as PEM (RFC 7468).
  std::string pem() const;
  // SHA-256 hash of the CA's certificate, as "AB:CD:...".
  std::string fingerprint() const;
  std::string expires() const;

 private:
  Authority() = default;
  explicit Authority(Certificate ca);

  CertPtr certificate_;
  KeyPtr key_;
};

}  // namespace brownout::tls
