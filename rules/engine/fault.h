// A fault: one file in a folder faults/, nothing else.
//
// FaultKind describes it (name, level, keys, what its magnitude is per) for the loader, `check`,
// `explain` and the reference page, and compiles the keys of a rule into a Fault. A Fault is the
// immutable settings of one rule; it makes a Stage for each direction of each flow that the rule
// hits, or acts on new connections. FaultState is what the flows of one rule share (one limit over
// all of them), and nothing else is shared.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/chance/schedule.h"
#include "rules/engine/admission.h"
#include "rules/engine/stage.h"
#include "rules/match/match.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

class DnsFault;   // dns_fault.h
class HttpFault;  // http_fault.h

// Shared by the flows of one rule on all threads: implementations use atomics, or hold an atomic
// flag for a few steps.
class FaultState {
 public:
  virtual ~FaultState() = default;
  // What the rule's table says of it at the end; "" when there is nothing to say.
  virtual std::string status() { return {}; }
};

struct StageContext {
  Dice dice;              // of this rule, this flow and this direction
  Intensity intensity;    // of the rule's ramp
  const FlowFacts* flow;  // outlives the stage
  Direction direction;
  Instant now;         // when the stage takes its slot
  FaultState* shared;  // what make_state() made, or nullptr
  // The dice are thrown for each chunk: act on push(), not on taking the slot.
  bool per_chunk = false;
  Dice rule_dice = {};  // of this rule alone: for what its flows share
};

class Fault {
 public:
  virtual ~Fault() = default;
  // Bytes level: a stage for one direction of a flow, or nullptr if this fault does nothing there.
  virtual std::unique_ptr<Stage> stage(const StageContext& /*context*/) const { return nullptr; }
  // Connection level: what happens to a new connection before a byte flows. Returns what it did, if
  // anything.
  virtual std::optional<Note> admit(const StageContext& /*context*/,
                                    Admission& /*admission*/) const {
    return std::nullopt;
  }
  // TLS handshakes: once the client's hello is there. Returns what it did, if anything.
  virtual std::optional<Note> on_hello(const StageContext& /*context*/,
                                       TlsVerdict& /*verdict*/) const {
    return std::nullopt;
  }
  // When admit() is asked: as a connection arrives, once its server is chosen, or not at all.
  // Faults of the connection level are asked as it arrives.
  virtual bool admits_on_arrival() const { return false; }
  virtual bool admits_on_dial() const { return false; }
  virtual std::unique_ptr<FaultState> make_state() const { return nullptr; }
  // What it does to DNS queries, if anything. Lives as long as the fault.
  virtual const DnsFault* dns() const { return nullptr; }
  // The same, of HTTP requests.
  virtual const HttpFault* http() const { return nullptr; }
  // Of the carriers that its kind names, those that its settings leave.
  virtual bool acts_on(Carrier /*carrier*/) const { return true; }
  // Whether its stages go on where they were when the settings change (Stage::take_over).
  virtual bool inherits_state() const { return false; }
  // True when the rule must not be limited to one direction.
  virtual bool needs_both_directions() const { return false; }
  // Listener level: whether live connections are reset when the fault begins.
  virtual bool cuts_live_connections() const { return false; }
};

enum class Level {
  kListener,    // acts on the listening port itself: nothing is known of a client yet
  kConnection,  // acts on a new connection, before a byte flows
  kBytes,       // acts on the bytes of a connection or the datagrams of a session, live ones too
  kFirewall,    // is a mistake in the list of a [[firewall]]
  kMessage,     // acts on one message of a protocol: a DNS query and its answer, an HTTP request
};

// What `ramp` scales from 0 to the configured value.
enum class Ramp { kMagnitude, kProbability };

// What of an exchange a fault acts on, as far as the rule's direction covers it.
enum class Half {
  kBoth,
  kRequest,   // or query: before there is a response
  kResponse,  // or answer
  kOne,       // the request; of a rule with direction = "downstream", or a status, the response
};

struct FaultKind {
  std::string_view name;
  Level level = Level::kBytes;
  CarrierSet carriers = kStreams;
  Ramp ramp = Ramp::kProbability;
  bool per_chunk = false;      // whether probability may be drawn per chunk
  bool directed = false;       // HTTP, DNS: `direction` chooses a half
  bool on_body = false;        // HTTP: acts on bodies, by a stage
  bool terminated = false;     // TLS: only where it is terminated
  bool mints = false;          // TLS: only with a CA to mint certificates from
  Half of_http = Half::kBoth;  // of a request and its response
  Half of_dns = Half::kBoth;   // of a query and its answer
  bool observes_all = false;   // HTTP, DNS: is told of messages that it does not act on, too
  ProtocolSet (*protocols)() = ProtocolSet::any;  // messages: of which protocols
  std::string_view summary;                       // one sentence: what the client feels
  std::string_view magnitude;                     // what one unit of it is per
  std::string_view composition;                   // how two of them add up
  std::string_view source;                        // of the formula or behaviour, may be empty

  const std::vector<FieldInfo>& (*fields)() = nullptr;
  std::shared_ptr<const Fault> (*compile)(const Node& table, Diagnostics& problems) = nullptr;

  bool carries(Carrier carrier) const { return carriers.has(carrier); }
  // `spoken` is empty where there are no messages.
  bool speaks(ProtocolSet spoken) const {
    return spoken.empty() || !(protocols() & spoken).empty();
  }
};

// Of a fault that has no keys beside its type.
struct NoSettings {};

// Completes a description from the fault's class F, which has a nested Settings, a constructor from
// it,
//   static const Schema<Settings>& schema();
//   static void check(const Settings&, const Node&, Diagnostics&);   // may be left out: mistakes
//   of two keys
template <class F>
FaultKind describe(FaultKind about) {
  about.fields = []() -> const std::vector<FieldInfo>& { return F::schema().fields(); };
  about.compile = [](const Node& table, Diagnostics& problems) -> std::shared_ptr<const Fault> {
    const auto* type = table.find("type");
    const auto* name = type != nullptr ? type->string() : nullptr;
    const std::string what = "fault " + in_quotes(name != nullptr ? *name : "?");
    const auto before = problems.size();
    const auto settings = F::schema().read(table, what, problems, {"type"});
    if constexpr (requires { F::check(settings, table, problems); }) {
      if (problems.size() == before) F::check(settings, table, problems);
    }
    return std::make_shared<const F>(settings);
  };
  return about;
}

// Where a key of a fault stands, for messages about two keys at once.
inline Position position_of(const Node& table, std::string_view key) {
  const auto* node = table.find(key);
  return node != nullptr ? node->where : table.where;
}

// "TCP connections, UDP sessions and DNS queries".
std::string carriers_text(CarrierSet carriers, ProtocolSet protocols);
inline std::string carriers_text(const FaultKind& kind) {
  return carriers_text(kind.carriers, kind.protocols());
}

// The one table, in the order of the reference page.
std::span<const FaultKind* const> all_faults();
const FaultKind* find_fault(std::string_view name);

// The fault here that other tools call `name`; "" if there is none.
std::string_view aliased_fault(std::string_view name);

// Faults that people know from packets and that a stream cannot have; "" if `name` is none of them.
std::string_view why_not_for_streams(std::string_view name);

}  // namespace brownout::rules
