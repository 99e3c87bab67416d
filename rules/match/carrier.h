// What a flow is made of, and sets of that.
#pragma once

namespace brownout::rules {

// Decides which faults can act on it.
enum class Carrier : unsigned {
  kStream = 1,    // a TCP (or unix) connection
  kDatagram = 2,  // a UDP session: all datagrams of one client address
  kDns = 4,       // a DNS query and its answer
  kHttp = 8,      // an HTTP request and its response
  kTls = 16,      // a TLS handshake
  kMessage = 32,  // the messages of a connection, each for itself
};

// A set of them: which a fault can act on, which a listener has.
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
// A message, whoever's: an HTTP exchange is one, and a DNS query with its answer.
constexpr CarrierSet kAnyMessages = kMessages | kHttpRequests | kDnsQueries;

}  // namespace brownout::rules
