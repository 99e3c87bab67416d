// Writes trust stores for Java programs: files that contain the CA certificates to trust. No I/O;
// any thread.
#pragma once

#include <string>

namespace brownout::tls {

// The password of a trust store, which Java needs only to check that the file is undamaged.
inline constexpr char kJavaPassword[] = "changeit";

// Returns the certificates in `pem` as a trust store in the format JKS, which every Java since 1.2
// reads.
std::string java_trust_store(const std::string& pem);

}  // namespace brownout::tls
