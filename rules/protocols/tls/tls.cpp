#include "rules/protocols/tls/tls.h"

#include <algorithm>

namespace brownout::rules {
namespace {

struct Named {
  std::uint8_t code;
  std::string_view name;
};

// Alerts of RFC 8446, 6 and B.2. Alerts that are now reserved but still sent are from RFC 5246, 7.2
// and RFC 7507.
constexpr std::array<Named, 35> kAlerts{{{0, "close_notify"},
                                         {10, "unexpected_message"},
                                         {20, "bad_record_mac"},
                                         {21, "decryption_failed"},
                                         {22, "record_overflow"},
                                         {30, "decompression_failure"},
                                         {40, "handshake_failure"},
                                         {41, "no_certificate"},
                                         {42, "bad_certificate"},
                                         {43, "unsupported_certificate"},
                                         {44, "certificate_revoked"},
                                         {45, "certificate_expired"},
                                         {46, "certificate_unknown"},
                                         {47, "illegal_parameter"},
                                         {48, "unknown_ca"},
                                         {49, "access_denied"},
                                         {50, "decode_error"},
                                         {51, "decrypt_error"},
                                         {60, "export_restriction"},
                                         {70, "protocol_version"},
                                         {71, "insufficient_security"},
                                         {80, "internal_error"},
                                         {86, "inappropriate_fallback"},
                                         {90, "user_canceled"},
                                         {100, "no_renegotiation"},
                                         {109, "missing_extension"},
                                         {110, "unsupported_extension"},
                                         {111, "certificate_unobtainable"},
                                         {112, "unrecognized_name"},
                                         {113, "bad_certificate_status_response"},
                                         {114, "bad_certificate_hash_value"},
                                         {115, "unknown_psk_identity"},
                                         {116, "certificate_required"},
                                         {120, "no_application_protocol"},
                                         {121, "ech_required"}}};

}  // namespace

std::string to_text(TlsAlert alert) {
  for (const auto& known : kAlerts) {
    if (known.code == alert.code) return std::string(known.name);
  }
  return std::to_string(alert.code);
}

Result<TlsAlert> ValueKind<TlsAlert>::read(const Node& node) {
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    if (*number < 0 || *number > 255)
      return config_error("an alert is from 0 to 255", R"(e.g. 40 or "handshake_failure")");
    return TlsAlert{static_cast<std::uint8_t>(*number)};
  }
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "the name of an alert");
  std::vector<std::string_view> names;
  for (const auto& known : kAlerts) {
    if (known.name == *text) return TlsAlert{known.code};
    names.push_back(known.name);
  }
  return config_error(in_quotes(*text) + " is not a TLS alert", suggest(*text, names));
}

}  // namespace brownout::rules
