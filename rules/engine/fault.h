// Fault is the interface of all faults. A new fault is one file in a folder faults/; CMake adds it
// to the table in rules/registry.cpp.
//
// FaultKind describes a fault (name, level, keys) for the loader, `check`, `explain` and the
// reference page. It compiles the keys of a rule into a Fault: the immutable settings of one rule.
// A Fault creates a Stage for each direction of each flow that the rule selects, or acts on new
// connections. FaultState is the only state that the flows of a rule share, for example one limit
// for all of them.
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

// State that all flows of one rule share, on all threads. Implementations use atomics, or a lock
// that they hold for a few steps only.
class FaultState {
 public:
  virtual ~FaultState() = default;
  // The text that the table of rules shows (`ctl`, final report); may be empty.
  virtual std::string status() { return {}; }
};

struct StageContext {
  Dice dice;              // depends on the rule, the flow and the direction
  Intensity intensity;    // intensity of the rule over time
  const FlowFacts* flow;  // outlives the stage
  Direction direction;
  Instant now;         // when the stage is created
  FaultState* shared;  // result of make_state(), or nullptr
  // The dice decide for each chunk: act on push(), not on creation.
  bool per_chunk = false;
  Dice rule_dice = {};  // depends on the rule only: for state that its flows share
};

class Fault {
 public:
  virtual ~Fault() = default;
  // Bytes level: creates a stage for one direction of a flow, or returns nullptr if the fault does
  // not act there.
  virtual std::unique_ptr<Stage> stage(const StageContext& /*context*/) const { return nullptr; }
  // Connection level: decides about a new connection before data flows. Returns a note if the fault
  // acted.
  virtual std::optional<Note> admit(const StageContext& /*context*/,
                                    Admission& /*admission*/) const {
    return std::nullopt;
  }
  // TLS handshakes: called with the ClientHello. Returns a note if the fault acted.
  virtual std::optional<Note> on_hello(const StageContext& /*context*/,
                                       TlsVerdict& /*verdict*/) const {
    return std::nullopt;
  }
  // When admit() is called: when a connection arrives, when its server has been chosen, or never.
  // For connection-level faults it is always called on arrival.
  virtual bool admits_on_arrival() const { return false; }
  virtual bool admits_on_dial() const { return false; }
  virtual std::unique_ptr<FaultState> make_state() const { return nullptr; }
  // The interface for DNS queries, or nullptr. Lives as long as the fault.
  virtual const DnsFault* dns() const { return nullptr; }
  // The interface for HTTP requests, or nullptr. Lives as long as the fault.
  virtual const HttpFault* http() const { return nullptr; }
  // Whether the settings allow `carrier`, which is one of the carriers of the kind.
  virtual bool acts_on(Carrier /*carrier*/) const { return true; }
  // Whether stages keep their state when the settings change (Stage::take_over).
  virtual bool inherits_state() const { return false; }
  // Whether the rule must not be limited to one direction.
  virtual bool needs_both_directions() const { return false; }
  // Listener level: whether existing connections are reset when the fault begins.
  virtual bool cuts_live_connections() const { return false; }
};

enum class Level {
  kListener,    // acts on the listening port, for all clients
  kConnection,  // acts on a new connection, before data flows
  kBytes,       // acts on the data of connections and UDP sessions, also of existing ones
  kFirewall,    // a misconfiguration in the list of a [[firewall]]
  kMessage,     // acts on single messages: a DNS query and its answer, an HTTP request
};

// The value that `ramp` raises from 0 to the configured value.
enum class Ramp { kMagnitude, kProbability };

// The part of an HTTP or DNS exchange on which a fault acts.
enum class Half {
  kBoth,
  kRequest,   // the request or query
  kResponse,  // the response or answer
  kOne,       // the response if the rule has direction = "downstream" or a status, else the request
};

struct FaultKind {
  std::string_view name;
  Level level = Level::kBytes;
  CarrierSet carriers = kStreams;
  Ramp ramp = Ramp::kProbability;
  bool per_chunk = false;  // allows per = "chunk"
  // HTTP, DNS: `direction` limits the fault to the request or the response.
  bool directed = false;
  bool on_body = false;        // HTTP: acts on bodies, through a stage
  bool terminated = false;     // TLS: requires a listener that terminates TLS
  bool mints = false;          // TLS: requires a CA that can issue certificates
  Half of_http = Half::kBoth;  // HTTP: acts on the request, the response or both
  Half of_dns = Half::kBoth;   // DNS: acts on the query, the answer or both
  // HTTP, DNS: on_seen() is called for the messages on which the fault does not act.
  bool observes_all = false;
  ProtocolSet (*protocols)() = ProtocolSet::any;  // messages: the supported protocols
  // The texts of the reference page: sentences without their final period.
  std::string_view summary;         // one or two whole sentences: the effect seen by the client
  std::string_view correct_client;  // continues "A correct client "
  std::string_view unit;            // continues "Applies to each: ", for example "connection"
  std::string_view composition;     // the combined effect of two such rules
  std::string_view source;          // of the formula, the wire format and the client's behavior

  const std::vector<FieldInfo>& (*fields)() = nullptr;
  std::shared_ptr<const Fault> (*compile)(const Node& table, Diagnostics& problems) = nullptr;

  bool carries(Carrier carrier) const { return carriers.has(carrier); }
  // `spoken` is empty on listeners without messages.
  bool speaks(ProtocolSet spoken) const {
    return spoken.empty() || !(protocols() & spoken).empty();
  }
};

// For faults without keys other than `type`.
struct NoSettings {};

// Completes a description from the fault's class F. F has a nested type Settings, a constructor
// that takes Settings, and these functions:
//   static const Schema<Settings>& schema();
//   static void check(const Settings&, const Node&, Diagnostics&);  // optional: errors that
//                                                                   // involve several keys
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

// The position of a key, or of the table if the key is absent. For errors about several keys.
inline Position position_of(const Node& table, std::string_view key) {
  const auto* node = table.find(key);
  return node != nullptr ? node->where : table.where;
}

// "TCP connections, UDP sessions and DNS queries".
std::string carriers_text(CarrierSet carriers, ProtocolSet protocols);
inline std::string carriers_text(const FaultKind& kind) {
  return carriers_text(kind.carriers, kind.protocols());
}

// All faults, in the order of the reference page (rules/registry.cpp).
std::span<const FaultKind* const> all_faults();
const FaultKind* find_fault(std::string_view name);

// The fault that other tools call `name`; "" if there is none.
std::string_view aliased_fault(std::string_view name);

// Why the packet fault `name` cannot act on a stream; "" if `name` is not a packet fault.
std::string_view why_not_for_streams(std::string_view name);

}  // namespace brownout::rules
