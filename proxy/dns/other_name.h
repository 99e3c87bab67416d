// Resolves another name in place of the one that a client asked for, because a rule says so
// (wrong_answer). The client gets the answer under the name that it asked for. Use only on the
// event loop's thread.
#pragma once

#include <span>
#include <string>

#include "proxy/dns/query.h"

namespace brownout::proxy {

// Replaces the question that the zone or a resolver gets. Returns false, and changes nothing, if
// `name` cannot be written.
bool ask_for_other_name(DnsQuery& query, const std::string& name);

// Restores the client's question, and gives the records of the other name the client's name. An
// answer that cannot be parsed becomes SERVFAIL.
rules::DnsReply answer_of_other_name(DnsQuery& query, std::span<std::byte> answer);
void rename_to_client(DnsQuery& query, rules::DnsReply& reply);

}  // namespace brownout::proxy
