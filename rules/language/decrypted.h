// Tells for `check` and `explain` which TLS connections the proxy would intercept (decrypt) because
// of the rules of a file. Pure functions; any thread.
#pragma once

#include <string>

#include "rules/language/config.h"
#include "rules/language/explain.h"

namespace brownout::rules {

// Whether an enabled rule of the file acts inside TLS at this listener, for some hosts at least.
bool may_decrypt(const Config& config, const Listener& listener);

// Explains whether the proxy decrypts the connection in question, as a sentence without a period.
// "" if TLS never passes through its listener.
std::string explain_tls(const Config& config, const Question& question);

}  // namespace brownout::rules
