// Synthetic users of the kind dns: each operation is a lookup over UDP, and over TCP if the answer
// is truncated.
#include <algorithm>
#include <array>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/probe_client.h"
#include "rules/protocols/dns/codec/dns.h"
#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::rehearsal {
namespace {

Outcome<codecs::Bytes> ask_over_udp(const Endpoint& resolver,
                                    const std::optional<rules::IpAddress>& local,
                                    const codecs::Bytes& query, Instant deadline) {
  auto fd = Socket::datagrams(resolver, local);
  if (!fd) return tl::unexpected(fd.error());
  if (const auto sent = Socket::send(*fd, query, deadline); !sent) {
    return tl::unexpected(sent.error());
  }
  codecs::Bytes answer(65536);
  while (true) {
    const auto got = Socket::receive(*fd, answer, deadline);
    if (!got) return tl::unexpected(got.error());
    // Ignores an answer with another id, which belongs to another query.
    if (*got < 2 || !std::equal(query.begin(), query.begin() + 2, answer.begin())) continue;
    answer.resize(*got);
    return answer;
  }
}

Outcome<codecs::Bytes> ask_over_tcp(const Endpoint& resolver,
                                    const std::optional<rules::IpAddress>& local,
                                    const codecs::Bytes& query, Instant deadline) {
  auto fd = Socket::connect(resolver, local, deadline);
  if (!fd) return tl::unexpected(fd.error());
  codecs::Bytes framed;
  codecs::append_framed(framed, query);
  if (const auto sent = Socket::send(*fd, framed, deadline); !sent) {
    return tl::unexpected(sent.error());
  }
  codecs::DnsFraming framing;
  std::array<std::byte, 4096> buffer{};
  while (true) {
    const auto got = Socket::receive(*fd, buffer, deadline);
    if (!got) return tl::unexpected(got.error());
    framing.append(std::span(buffer).first(*got));
    const auto message = framing.next();
    if (!message.empty()) return codecs::Bytes(message.begin(), message.end());
  }
}

class DnsClient final : public ProbeClient {
 public:
  explicit DnsClient(const ClientSettings& settings) : settings_(settings) {}

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.connects = 1;
    const auto& probe = *settings_.probe;
    const auto type = rules::parse_dns_type(probe.qtype).value_or(rules::DnsType::kA);
    const auto found = look_up(target.address, settings_.local, probe.qname, type, deadline);
    if (!found) {
      done.why = found.error();
    } else if (found->empty()) {
      done.why = "the DNS answer has no address";
    } else if (!is_right(*found)) {
      done.why = "the DNS answer has an unexpected address: " + to_text(found->front());
    }
    return done;
  }

 private:
  bool is_right(const std::vector<rules::IpAddress>& found) const {
    const auto& wanted = settings_.probe->answer;
    return wanted.empty() || std::any_of(found.begin(), found.end(), [&](const auto& address) {
             return std::find(wanted.begin(), wanted.end(), to_text(address)) != wanted.end();
           });
  }

  ClientSettings settings_;
};

}  // namespace

Outcome<std::vector<rules::IpAddress>> look_up(const Endpoint& resolver,
                                               const std::optional<rules::IpAddress>& local,
                                               const std::string& name, rules::DnsType type,
                                               Instant deadline) {
  const auto id = static_cast<std::uint16_t>(proxy::monotonic_now().time_since_epoch().count());
  const auto query = codecs::write_dns_query(name, type, id);
  if (query.empty()) return tl::unexpected("not a domain name: " + name);
  auto answer = ask_over_udp(resolver, local, query, deadline);
  if (!answer) return tl::unexpected(answer.error());
  auto reply = codecs::read_dns_reply(*answer);
  if (reply && reply->truncated) {
    answer = ask_over_tcp(resolver, local, query, deadline);
    if (!answer) return tl::unexpected(answer.error());
    reply = codecs::read_dns_reply(*answer);
  }
  if (!reply) return tl::unexpected(std::string("the DNS answer is malformed"));
  if (reply->rcode != rules::Rcode::kNoError) return tl::unexpected(to_text(reply->rcode));
  std::vector<rules::IpAddress> found;
  for (const auto& record : reply->answer) {
    if (const auto ip = record.address(); ip && record.type == type) found.push_back(*ip);
  }
  return found;
}

extern const UserRow kDnsUser{"dns", make_client<DnsClient>};

}  // namespace brownout::rehearsal
