// Carrier is the kind of traffic on which a rule or fault acts: connections, UDP sessions, DNS
// queries, HTTP requests, TLS handshakes or messages. CarrierSet is a set of them. Plain values;
// any thread.
#pragma once

namespace brownout::rules {

enum class Carrier : unsigned {
  kStream = 1,    // a TCP (or unix) connection
  kDatagram = 2,  // a UDP session: all datagrams of one client address
  kDns = 4,       // a DNS query and its answer
  kHttp = 8,      // an HTTP request and its response
  kTls = 16,      // a TLS handshake
  kMessage = 32,  // a single message of a connection
};

class CarrierSet {
 public:
  constexpr CarrierSet() = default;
  explicit constexpr CarrierSet(Carrier carrier) : bits_(static_cast<unsigned>(carrier)) {}

  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Carrier carrier) const {
    return (bits_ & static_cast<unsigned>(carrier)) != 0;
  }
  constexpr CarrierSet operator|(CarrierSet other) const { return of(bits_ | other.bits_); }
  constexpr CarrierSet operator&(CarrierSet other) const { return of(bits_ & other.bits_); }
  constexpr CarrierSet without(CarrierSet other) const { return of(bits_ & ~other.bits_); }
  friend constexpr bool operator==(CarrierSet, CarrierSet) = default;

 private:
  static constexpr CarrierSet of(unsigned bits) {
    CarrierSet set;
    set.bits_ = bits;
    return set;
  }

  unsigned bits_ = 0;
};

constexpr CarrierSet kStreams{Carrier::kStream};
constexpr CarrierSet kDatagrams{Carrier::kDatagram};
constexpr CarrierSet kDnsQueries{Carrier::kDns};
constexpr CarrierSet kHttpRequests{Carrier::kHttp};
constexpr CarrierSet kTlsHandshakes{Carrier::kTls};
constexpr CarrierSet kMessages{Carrier::kMessage};
// Messages of any protocol. HTTP (a request and its response) and DNS (a query and its answer) are
// included.
constexpr CarrierSet kAnyMessages = kMessages | kHttpRequests | kDnsQueries;

}  // namespace brownout::rules
