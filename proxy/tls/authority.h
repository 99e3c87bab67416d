// The local certificate authority: made once by `brownout ca init`, trusted by the test's clients,
// and from then on the issuer of whatever certificate a rehearsal needs, right or wrong.
//
// A folder with ca.pem (to be trusted) and ca.key (mode 0600). Neither is ever overwritten.
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
  // Fails when there is one already.
  static rules::Result<void> init(const std::string& folder);
  static rules::Result<Authority> load(const std::string& folder);
  // One that nobody trusts, in memory only.
  static Authority unknown();

  // For a name or an IP address; what is wrong with it is `flaw`. Its times count from `now`.
  Certificate mint(const std::string& name, rules::Flaw flaw, std::time_t now) const;
  // Says that `certificate` is revoked (RFC 6960), DER. Valid for a day.
  std::string revocation(const X509* certificate, std::time_t now) const;

  X509* certificate() const { return certificate_.get(); }
  // SHA-256, as "AB:CD:...".
  std::string fingerprint() const;
  std::string expires() const;

 private:
  CertPtr certificate_;
  KeyPtr key_;
};

}  // namespace brownout::tls
