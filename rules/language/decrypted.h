// Says what the rules of a file decrypt: which listeners have connections whose TLS a rule may
// mean. Pure functions; any thread.
#pragma once

#include <string>

#include "rules/language/config.h"
#include "rules/language/explain.h"

namespace brownout::rules {

// Whether an enabled rule of the file acts inside TLS at this listener, for some hosts at least.
bool may_decrypt(const Config& config, const Listener& listener);

// Says whether the connection in question is decrypted, and why: a sentence without a period, whose
// subject is the connection. "" if TLS never passes through its listener.
std::string explain_tls(const Config& config, const Question& question);

}  // namespace brownout::rules
