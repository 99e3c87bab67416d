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
  std::string sni;                // server name (SNI) in lower case; empty if absent (RFC 6066, 3)
  std::vector<std::string> alpn;  // ALPN protocols in the client's order (RFC 7301)
  std::uint16_t version = 0;      // highest version that the client offers; 0x0304 is TLS 1.3
  std::string ja3;  // JA3: MD5, in hex, of version, ciphers, extensions, groups and point formats
};

enum class TlsVersion { k10, k11, k12, k13 };

// A TLS alert (RFC 8446, 6), which rule files give by name or number.
struct TlsAlert {
  std::uint8_t code = 40;  // the default 40 is handshake_failure
  friend bool operator==(const TlsAlert&, const TlsAlert&) = default;
};
std::string to_text(TlsAlert alert);

// A defect of a certificate, for the fault bad_certificate.
enum class Flaw {
  kNone,
  kExpired,
  kNotYetValid,
  kWrongName,
  kSelfSigned,
  kUnknownCa,
  kRevoked,  // the stapled OCSP response says that the certificate is revoked (RFC 6066, 8)
  kWeakKey,  // an RSA key of 1024 bits
};

// The last handshake message that passes before the handshake stops.
enum class HandshakeStop { kNone, kClientHello, kServerHello };
enum class HowToStop { kClose, kReset, kHang };

// TlsVerdict contains the effects of faults on one TLS handshake and its connection. Faults fill it
// in, in the order of the rule file. Some effects need a listener that terminates TLS.
struct TlsVerdict {
  std::optional<TlsAlert> alert = {};  // alert that is sent instead of the ServerHello
  SummedDelay delay = {};              // delay of the ServerHello
  HandshakeStop stop = HandshakeStop::kNone;
  HowToStop how = HowToStop::kClose;
  std::optional<TlsVersion> most = {};  // needs termination of TLS: the highest version accepted
  Flaw flaw = Flaw::kNone;       // needs termination of TLS: the defect of the certificate sent
  bool no_close_notify = false;  // needs termination of TLS: whether to close without close_notify
  // Number of encrypted bytes before the record that is corrupted.
  std::optional<Bytes> corrupt_behind = {};

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
