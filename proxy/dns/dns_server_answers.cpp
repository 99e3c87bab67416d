// The part of DnsServer that makes answers without a resolver: from a [[zone]], or because of a
// rule.
#include "proxy/dns/dns_server.h"

#include <utility>

#include "proxy/dns/other_name.h"

namespace brownout::proxy {
namespace {

constexpr std::uint8_t kOpcodeQuery =
    0;  // the value for a standard query (RFC 1035, section 4.1.1)

}  // namespace

void DnsServer::answer_here(DnsQueryPtr query) {
  if (codecs::read_dns_header(query->message)->opcode != kOpcodeQuery) {
    // Refuses NOTIFY and UPDATE, which would change the zone: it is read-only.
    auto message = codecs::write_dns_error(query->message, rules::Rcode::kNotImp);
    return finish({.query = std::move(query), .message = std::move(message)});
  }
  // Refuses versions of EDNS other than 0 (RFC 6891, section 6.1.3).
  if (codecs::edns_version(query->message) > 0) {
    rules::DnsReply refusal;
    refusal.rcode = rules::Rcode::kBadVers;
    return reply(std::move(query), std::move(refusal));
  }
  const auto& question = query->resolved();
  auto known = view_->zone->answer(question);
  reply(std::move(query), known ? std::move(*known) : rules::DnsZone::answer_unknown(question));
}

// Sends an answer made by this proxy: by a rule, from the zone, or because no resolver answered.
void DnsServer::reply(DnsQueryPtr query, rules::DnsReply reply) {
  rename_to_client(*query, reply);
  if (!query->plan.empty()) {
    rules::QueryPlan::Notes notes;
    query->plan.on_reply(query->facts, reply, Loop::now(), notes);
    record(*query, notes);
  }
  auto message = codecs::write_dns_reply(query->message, reply, query->transport());
  if (!message) {
    rules::DnsReply failure;
    failure.rcode = rules::Rcode::kServFail;
    message = codecs::write_dns_reply(query->message, failure, query->transport());
  }
  // An answer repeats the question of its query. If the question cannot be parsed, sends FORMERR
  // without it.
  if (!message) message = codecs::write_dns_error(query->message, rules::Rcode::kFormErr);
  finish({.query = std::move(query), .message = std::move(*message)});
}

}  // namespace brownout::proxy
