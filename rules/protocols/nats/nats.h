// The client protocol of NATS 2.x as rules see it
// (docs.nats.io, reference, NATS protocol). The wire format is the codec's matter.
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

// One control line, and what belongs to it. Which members mean something follows from the verb.
struct NatsLine {
  NatsVerb verb = NatsVerb::kPing;
  std::string subject = {};
  std::string queue = {};     // of SUB; of UNSUB, MSG and HMSG that of their subscription, if known
  std::string sid = {};       // names a subscription within its connection
  std::string reply = {};     // where an answer is expected; empty: nowhere
  std::string max = {};       // of UNSUB: after how many messages
  std::string text = {};      // the JSON of INFO and CONNECT; what -ERR says, without its quotes
  std::string headers = {};   // as they are written, from "NATS/1.0" to the empty line
  std::size_t payload = 0;    // bytes, without headers
  bool acknowledges = false;  // of MSG and HMSG: JetStream has stored what was published (ADR-1)
};

// Of the headers: the values of those of this name, which is compared as it is written (ADR-4,
// "case-sensitive").
std::vector<std::string_view> nats_headers(std::string_view headers, std::string_view name);
// The status behind the version: 503 is "no responders". 0: there is none.
int nats_status(std::string_view headers);

// A subject is tokens with dots between them: * is one token, > one or more at the end.
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
