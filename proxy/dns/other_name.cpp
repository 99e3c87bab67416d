#include "proxy/dns/other_name.h"

#include <utility>

namespace brownout::proxy {

bool ask_for_other_name(DnsQuery& query, const std::string& name) {
  auto message = codecs::write_dns_query(name, query.facts.dns.question->type,
                                         codecs::read_dns_header(query.message)->id);
  if (message.empty()) return false;
  query.other_question = query.facts.dns.question;
  query.other_question->name = name;
  query.clients_message = std::exchange(query.message, std::move(message));
  return true;
}

rules::DnsReply answer_of_other_name(DnsQuery& query, std::span<std::byte> answer) {
  auto reply = codecs::read_dns_reply(answer);
  if (!reply) {
    reply.emplace();
    reply->rcode = rules::Rcode::kServFail;
  }
  rename_to_client(query, *reply);
  return *std::move(reply);
}

void rename_to_client(DnsQuery& query, rules::DnsReply& reply) {
  if (!query.other_question) return;
  for (auto& record : reply.answer) {
    if (record.name == query.other_question->name) record.name = query.facts.dns.question->name;
  }
  // Restores the client's query, which determines the reply's question, its maximum size and its
  // EDNS record.
  query.message = std::move(query.clients_message);
  query.other_question.reset();
}

}  // namespace brownout::proxy
