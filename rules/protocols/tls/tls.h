// TLS values for rules: the ClientHello that a rule matches and the verdict on a handshake (RFC
// 8446, RFC 5246).
//
// rules/protocols/tls/codec/client_hello.h parses the ClientHello.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// The parts of a ClientHello, the first and unencrypted message of a client, that rules match.
struct ClientHello {
  std::string sni;                // lower case; empty if absent (RFC 6066, 3)
  std::vector<std::string> alpn;  // in the client's order (RFC 7301)
  std::uint16_t version = 0;      // the highest version offered; 0x0304 is TLS 1.3
  std::string ja3;                // MD5 in hex of version, ciphers, extensions, groups and formats
};

enum class TlsVersion { k10, k11, k12, k13 };

// An alert of RFC 8446, 6, written as its name or number.
struct TlsAlert {
  std::uint8_t code = 40;  // handshake_failure
  friend bool operator==(const TlsAlert&, const TlsAlert&) = default;
};
std::string to_text(TlsAlert alert);

// A defect of a certificate.
enum class Flaw {
  kNone,
  kExpired,
  kNotYetValid,
  kWrongName,
  kSelfSigned,
  kUnknownCa,
  kRevoked,  // revoked, by the stapled OCSP response (RFC 6066, 8)
  kWeakKey,  // RSA, 1024 bits
};

// The last message that passes before a handshake stops.
enum class HandshakeStop { kNone, kClientHello, kServerHello };
enum class HowToStop { kClose, kReset, kHang };

// The effects of faults on one handshake and its connection. Faults fill in the verdict in file
// order. Some effects need a listener that terminates TLS.
struct TlsVerdict {
  std::optional<TlsAlert> alert = {};  // sent in place of the ServerHello
  SummedDelay delay = {};              // before the ServerHello
  HandshakeStop stop = HandshakeStop::kNone;
  HowToStop how = HowToStop::kClose;
  std::optional<TlsVersion> most = {};       // with termination: the highest version accepted
  Flaw flaw = Flaw::kNone;                   // with termination: defect of the certificate
  bool no_close_notify = false;              // with termination: close without close_notify
  std::optional<Bytes> corrupt_behind = {};  // encrypted bytes ahead of the corrupt record

  // Whether records to the client are withheld or changed.
  bool touches_records() const {
    return stop == HandshakeStop::kServerHello || corrupt_behind.has_value();
  }
};

template <>
struct EnumNames<TlsVersion> {
  static constexpr std::array kValues{
      std::pair<std::string_view, TlsVersion>{"1.0", TlsVersion::k10},
      std::pair<std::string_view, TlsVersion>{"1.1", TlsVersion::k11},
      std::pair<std::string_view, TlsVersion>{"1.2", TlsVersion::k12},
      std::pair<std::string_view, TlsVersion>{"1.3", TlsVersion::k13}};
};
template <>
struct EnumNames<Flaw> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Flaw>{"expired", Flaw::kExpired},
      std::pair<std::string_view, Flaw>{"not_yet_valid", Flaw::kNotYetValid},
      std::pair<std::string_view, Flaw>{"wrong_name", Flaw::kWrongName},
      std::pair<std::string_view, Flaw>{"self_signed", Flaw::kSelfSigned},
      std::pair<std::string_view, Flaw>{"unknown_ca", Flaw::kUnknownCa},
      std::pair<std::string_view, Flaw>{"revoked", Flaw::kRevoked},
      std::pair<std::string_view, Flaw>{"weak_key", Flaw::kWeakKey}};
};
template <>
struct EnumNames<HandshakeStop> {
  static constexpr std::array kValues{
      std::pair<std::string_view, HandshakeStop>{"client_hello", HandshakeStop::kClientHello},
      std::pair<std::string_view, HandshakeStop>{"server_hello", HandshakeStop::kServerHello}};
};
template <>
struct EnumNames<HowToStop> {
  static constexpr std::array kValues{
      std::pair<std::string_view, HowToStop>{"close", HowToStop::kClose},
      std::pair<std::string_view, HowToStop>{"rst", HowToStop::kReset},
      std::pair<std::string_view, HowToStop>{"hang", HowToStop::kHang}};
};
template <>
struct ValueKind<TlsAlert> {
  static std::string name() { return "alert"; }
  static Result<TlsAlert> read(const Node& node);
  static std::string print(TlsAlert value) { return in_quotes(to_text(value)); }
};

}  // namespace brownout::rules
