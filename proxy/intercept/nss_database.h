// Makes a database of certificates for programs that use NSS, such as Chromium, with the program
// `certutil` (libnss3-tools). Blocks until that has ended; call before threads exist.
#pragma once

#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::proxy {

// Makes a database in the folder `path`, which must not exist, that trusts the CAs of the files
// `cas`, each with one certificate (PEM). It begins as a copy of the database in the folder
// `usual`, if that has one and no password, so that the user's own certificates stay.
rules::Result<void> make_nss_database(const std::string& path, const std::string& usual,
                                      const std::vector<std::string>& cas);

}  // namespace brownout::proxy
