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
constexpr unsigned kStreams = static_cast<unsigned>(Carrier::kStream);
constexpr unsigned kDatagrams = static_cast<unsigned>(Carrier::kDatagram);
constexpr unsigned kDnsQueries = static_cast<unsigned>(Carrier::kDns);
constexpr unsigned kHttpRequests = static_cast<unsigned>(Carrier::kHttp);
constexpr unsigned kTlsHandshakes = static_cast<unsigned>(Carrier::kTls);
constexpr unsigned kMessages = static_cast<unsigned>(Carrier::kMessage);
// A message, whoever's: an HTTP exchange is one, and a DNS query with its answer.
constexpr unsigned kAnyMessages = kMessages | kHttpRequests | kDnsQueries;

}  // namespace brownout::rules
