// The NATS 2.x client protocol in the form that rules match (docs.nats.io, reference, NATS
// protocol). The codec reads and writes the wire format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class NatsVerb : std::uint8_t {
  kInfo,
  kConnect,
  kPub,
  kHpub,  // with headers
  kSub,
  kUnsub,
  kMsg,
  kHmsg,  // with headers
  kPing,
  kPong,
  kOk,   // +OK
  kErr,  // -ERR
};

constexpr bool has_payload(NatsVerb verb) {
  return verb == NatsVerb::kPub || verb == NatsVerb::kHpub || verb == NatsVerb::kMsg ||
         verb == NatsVerb::kHmsg;
}
constexpr bool has_headers(NatsVerb verb) {
  return verb == NatsVerb::kHpub || verb == NatsVerb::kHmsg;
}

// A control line and its headers. The verb decides which members are used.
struct NatsLine {
  NatsVerb verb = NatsVerb::kPing;
  std::string subject = {};
  std::string queue = {};     // queue group of the subscription, if known
  std::string sid = {};       // identifies a subscription within its connection
  std::string reply = {};     // subject for the answer; empty: none is expected
  std::string max = {};       // UNSUB: number of messages until it takes effect
  std::string text = {};      // JSON of INFO and CONNECT; text of -ERR, without quotes
  std::string headers = {};   // as written, from "NATS/1.0" to the empty line
  std::size_t payload = 0;    // bytes, without headers
  bool acknowledges = false;  // MSG, HMSG: JetStream has stored a publish (ADR-1)
};

// The values of the headers called `name`, which is case-sensitive (ADR-4).
std::vector<std::string_view> nats_headers(std::string_view headers, std::string_view name);
// The status after the version, such as 503 ("no responders"); 0 if there is none.
int nats_status(std::string_view headers);

// A subject is a list of tokens separated by dots. In a pattern, * matches one token, and a final >
// matches one or more.
bool subject_matches(std::string_view pattern, std::string_view subject);
struct SubjectPattern {
  std::string text;
};
template <>
struct ValueKind<SubjectPattern> {
  static std::string name() { return "subject"; }
  static Result<SubjectPattern> read(const Node& node);
  static std::string print(const SubjectPattern& value) { return in_quotes(value.text); }
};

template <>
struct EnumNames<NatsVerb> {
  static constexpr std::array kValues{
      std::pair<std::string_view, NatsVerb>{"info", NatsVerb::kInfo},
      std::pair<std::string_view, NatsVerb>{"connect", NatsVerb::kConnect},
      std::pair<std::string_view, NatsVerb>{"pub", NatsVerb::kPub},
      std::pair<std::string_view, NatsVerb>{"hpub", NatsVerb::kHpub},
      std::pair<std::string_view, NatsVerb>{"sub", NatsVerb::kSub},
      std::pair<std::string_view, NatsVerb>{"unsub", NatsVerb::kUnsub},
      std::pair<std::string_view, NatsVerb>{"msg", NatsVerb::kMsg},
      std::pair<std::string_view, NatsVerb>{"hmsg", NatsVerb::kHmsg},
      std::pair<std::string_view, NatsVerb>{"ping", NatsVerb::kPing},
      std::pair<std::string_view, NatsVerb>{"pong", NatsVerb::kPong},
      std::pair<std::string_view, NatsVerb>{"+ok", NatsVerb::kOk},
      std::pair<std::string_view, NatsVerb>{"-err", NatsVerb::kErr}};
};

}  // namespace brownout::rules
