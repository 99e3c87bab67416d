// DnsWorld runs a real proxy with a DNS listener, which answers from a zone or forwards to
// resolvers, and provides a client over real sockets.
#pragma once

#include <string>

#include "rules/protocols/dns/codec/dns.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {

// The zone has chat.example.org with two A and one AAAA record, and big.example.org with 40 A
// records.
std::string lab_zone();

// The zone's answer for chat.example.org A.
inline const std::string kChatAnswer = "NOERROR 192.0.2.1/60 192.0.2.2/60";

// A query, with an EDNS record if `udp_size` is not 0.
codecs::Bytes dns_query(const std::string& name, std::uint16_t type = 1, std::uint16_t id = 0x1234,
                        std::uint16_t udp_size = 0);

class DnsWorld {
 public:
  // The listener answers from lab_zone(), or forwards to `resolvers`, a list of quoted addresses.
  explicit DnsWorld(const std::string& rules, const std::string& resolvers = {},
                    const std::string& upstream = {}, const std::string& listener = {});

  // The answer, printed as in dns_lab.h. "(silence)" means none within `patience`, "(closed)" that
  // the connection was closed.
  std::string ask(const std::string& name, std::uint16_t type = 1,
                  std::chrono::milliseconds patience = 10s, std::uint16_t udp_size = 0) const;
  std::string ask_tcp(const std::string& name, std::uint16_t type = 1,
                      std::chrono::milliseconds patience = 10s) const;
  // Whether a rule leaves a query unanswered. The rules are then removed, and a second query must
  // be answered while the first still waits.
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
// Receives one message from a stream. Empty after the end of the stream or a timeout.
codecs::Bytes receive_message(const Fd& stream, std::chrono::milliseconds patience = 10s);
codecs::Bytes receive_datagram(const Fd& fd, std::chrono::milliseconds patience = 10s);
std::string print(codecs::ByteView message);

}  // namespace brownout::test
