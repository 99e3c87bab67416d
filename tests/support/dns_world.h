// A real proxy with a dns listener that answers from a zone, or asks resolvers, and a client.
#pragma once

#include <string>

#include "rules/protocols/dns/codec/dns.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {

// chat.example.org with two A and one AAAA, big.example.org with 40 A.
std::string lab_zone();

// What it says of chat.example.org's A.
inline const std::string kChatAnswer = "NOERROR 192.0.2.1/60 192.0.2.2/60";

// A query as a client sends it; with EDNS if `udp_size` is not 0.
codecs::Bytes dns_query(const std::string& name, std::uint16_t type = 1, std::uint16_t id = 0x1234,
                        std::uint16_t udp_size = 0);

class DnsWorld {
 public:
  // Answers from lab_zone(); `resolvers` instead: a list of addresses in quotes.
  explicit DnsWorld(const std::string& rules, const std::string& resolvers = {},
                    const std::string& upstream = {}, const std::string& listener = {});

  // What the client gets, as dns_lab.h prints it; "(silence)" after `patience`, "(closed)".
  std::string ask(const std::string& name, std::uint16_t type = 1,
                  std::chrono::milliseconds patience = 10s, std::uint16_t udp_size = 0) const;
  std::string ask_tcp(const std::string& name, std::uint16_t type = 1,
                      std::chrono::milliseconds patience = 10s) const;
  // Whether a query gets no answer: a rule has acted on it, and one that comes later, when there
  // are no rules any more, is answered, while the first has got nothing. The rules are gone then.
  bool loses_udp() { return loses(udp()); }
  bool loses_tcp() { return loses(tcp()); }
  Fd udp() const;
  Fd tcp() const { return proxy.connect(); }
  std::string address() const { return "\"" + to_text(proxy.endpoint()) + "\""; }

  ProxyWorld proxy;

 private:
  bool loses(const Fd& fd);
};

void send_message(const Fd& stream, codecs::ByteView message);
void send_datagram(const Fd& fd, codecs::ByteView message);
// One message of a stream, whole; empty when it ended or stayed silent.
codecs::Bytes receive_message(const Fd& stream, std::chrono::milliseconds patience = 10s);
codecs::Bytes receive_datagram(const Fd& fd, std::chrono::milliseconds patience = 10s);
std::string print(codecs::ByteView message);

}  // namespace brownout::test
