// bad_certificate: the certificate that the client gets is not one to trust. It is minted from the
// local CA that clients trust (`brownout ca init`), so that only what is wrong with it is wrong.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kBadCertificate;

}  // namespace brownout::rules
