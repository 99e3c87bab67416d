// NatsLine is a message of the NATS 2.x client protocol, without its payload, as a plain value that
// rules match (docs.nats.io, reference, NATS protocol).
//
// rules/protocols/nats/codec converts messages from and to the wire format. ADR-1 and the like are
// NATS architecture decision records.
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
  kHpub,  // PUB with headers
  kSub,
  kUnsub,
  kMsg,
  kHmsg,  // MSG with headers
  kPing,
  kPong,
  kOk,   // the message +OK
  kErr,  // the message -ERR
};

constexpr bool has_payload(NatsVerb verb) {
  return verb == NatsVerb::kPub || verb == NatsVerb::kHpub || verb == NatsVerb::kMsg ||
         verb == NatsVerb::kHmsg;
}
constexpr bool has_headers(NatsVerb verb) {
  return verb == NatsVerb::kHpub || verb == NatsVerb::kHmsg;
}

// The control line of a message, and its headers. The verb decides which members are used.
struct NatsLine {
  NatsVerb verb = NatsVerb::kPing;
  std::string subject = {};
  std::string queue = {};    // queue group of the subscription; empty if none or unknown
  std::string sid = {};      // identifies a subscription within its connection
  std::string reply = {};    // subject for an answer; if empty, no answer is expected
  std::string max = {};      // for UNSUB: number of messages until the subscription ends
  std::string text = {};     // JSON of INFO and CONNECT, or the text of -ERR without quotes
  std::string headers = {};  // all headers as received, from "NATS/1.0" to the empty line
  std::size_t payload = 0;   // size of the payload in bytes, without headers
  // For MSG and HMSG: whether the message reports that JetStream has stored a published message
  // (ADR-1).
  bool acknowledges = false;
};

// Returns the values of the headers called `name`, which is case-sensitive (ADR-4).
std::vector<std::string_view> nats_headers(std::string_view headers, std::string_view name);
// Returns the status in the first header line, such as 503 ("no responders"); 0 if there is none.
int nats_status(std::string_view headers);

// Whether a subject, a list of tokens separated by dots, matches a pattern. In the pattern, *
// matches one token, and a final > matches one or more.
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
