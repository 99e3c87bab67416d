// Creates an NSS certificate database, from which Chromium and other programs read the CAs to
// trust. Runs the program `certutil` (libnss3-tools) and blocks until it has ended. Call in a
// process without other threads.
#pragma once

#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::proxy {

// Creates a database in the folder `path`, which must not exist yet. It trusts the CAs in the files
// `cas`, each of which has one PEM certificate. To keep the user's own certificates, it begins as a
// copy of the database in the folder `usual`, if there is one without a password.
rules::Result<void> make_nss_database(const std::string& path, const std::string& usual,
                                      const std::vector<std::string>& cas);

}  // namespace brownout::proxy
