// Fuzzes the DNS codec with any bytes: as a query, as a reply, and as a stream of messages.
#include <cstddef>
#include <cstdint>
#include <span>

#include "rules/protocols/dns/codec/dns.h"
#include "rules/protocols/dns/codec/dns_framing.h"
#include "rules/protocols/dns/codec/dns_transfer.h"
#include "tests/fuzz/require.h"

using namespace brownout;

namespace {

// A reply must be the same after it is read, written and read again.
void check_reply(codecs::ByteView bytes) {
  const auto reply = codecs::read_dns_reply(bytes);
  if (!reply) return;
  const auto written = codecs::write_dns_reply(bytes, *reply, rules::Transport::kTcp);
  if (!written) return;
  const auto again = codecs::read_dns_reply(*written);
  require(again.has_value());
  if (again->truncated != reply->truncated) return;  // the reply does not fit into a message
  require(again->answer.size() == reply->answer.size());
  for (std::size_t i = 0; i < reply->answer.size(); ++i) {
    require(again->answer[i].type == reply->answer[i].type);
    require(again->answer[i].rdata.size() == reply->answer[i].rdata.size());
  }
}

// The messages must not depend on how a stream is cut into reads.
void check_stream(codecs::ByteView bytes, std::size_t piece) {
  codecs::DnsFraming whole;
  codecs::DnsFraming parts;
  whole.append(bytes);
  std::vector<codecs::Bytes> at_once;
  std::vector<codecs::Bytes> in_parts;
  const auto drain = [](codecs::DnsFraming& reader, std::vector<codecs::Bytes>& into) {
    for (auto message = reader.next(); !message.empty(); message = reader.next()) {
      into.emplace_back(message.begin(), message.end());
    }
  };
  drain(whole, at_once);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parts.append(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    drain(parts, in_parts);
  }
  require(at_once == in_parts);
  require(whole.waiting() == parts.waiting());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  check_stream(bytes, data[0] % 32 + 1U);
  check_reply(bytes);
  const auto question = codecs::find_dns_question(bytes);
  if (!question.empty()) {
    require(codecs::read_dns_question(question).has_value());
    require(codecs::same_question(question, question));
  }
  codecs::DnsTransferEnd transfer(bytes);
  if (!transfer.add(bytes)) transfer.add(bytes);
  if (codecs::read_dns_header(bytes)) codecs::write_dns_error(bytes, rules::Rcode::kFormErr);
  codecs::write_dns_reply(bytes, {}, rules::Transport::kUdp);
  return 0;
}
