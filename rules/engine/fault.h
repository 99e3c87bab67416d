// Fault is the interface of all faults. A new fault is one source file in a folder faults/; CMake
// adds it to the table in rules/registry.cpp.
//
// FaultKind describes a fault (name, level, keys) for the loader of rule files, `check`, `explain`
// and the reference page. FaultKind::compile turns the keys of a rule into a Fault, which holds the
// immutable settings of one rule. A Fault creates a Stage (stage.h) for each direction of each flow
// that the rule selects, or decides about new connections. FaultState is the only state that the
// flows of a rule share, for example one limit for all of them.
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
#include "rules/engine/unreachable.h"
#include "rules/match/match.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

class DnsFault;    // defined in dns_fault.h
class HttpFault;   // defined in http_fault.h
class Http2Fault;  // defined in http2_fault.h

// FaultState is the state that all flows of one rule share, on all threads. Implementations use
// atomic variables, or a lock that they hold only for a few steps.
class FaultState {
 public:
  virtual ~FaultState() = default;
  // Returns the text about this state in the table of rules (`ctl`, final report); may be empty.
  virtual std::string status() { return {}; }
};

struct StageContext {
  Dice dice;              // random numbers that depend on the rule, the flow and the direction
  Intensity intensity;    // how strongly the rule acts over time
  const FlowFacts* flow;  // facts about the flow; must outlive the stage
  Direction direction;
  Instant now;         // time at which the stage is created
  FaultState* shared;  // state that all flows of the rule share, from make_state(); may be null
  // Whether the rule acts on some chunks only: its match selects messages, or a random number is
  // drawn for each chunk. If true, the stage must act in push(), not when it is created.
  bool selective = false;
  Dice rule_dice = {};  // random numbers that depend on the rule only; for the shared state
};

class Fault {
 public:
  virtual ~Fault() = default;
  // For faults of level kBytes: creates the stage for one direction of a flow. Returns nullptr if
  // the fault does not act in that direction.
  virtual std::unique_ptr<Stage> stage(const StageContext& /*context*/) const { return nullptr; }
  // For faults of level kConnection: decides about a new connection before data flows. Returns an
  // entry for the event log (Note) if the fault acted.
  virtual std::optional<Note> admit(const StageContext& /*context*/,
                                    Admission& /*admission*/) const {
    return std::nullopt;
  }
  // For faults of TLS handshakes: called with the ClientHello. Returns an entry for the event log
  // (Note) if the fault acted.
  virtual std::optional<Note> on_hello(const StageContext& /*context*/,
                                       TlsVerdict& /*verdict*/) const {
    return std::nullopt;
  }
  // The next two functions say whether admit() is called when a connection arrives, and when its
  // server has been chosen. For faults of level kConnection, admit() is always called on arrival.
  virtual bool admits_on_arrival() const { return false; }
  virtual bool admits_on_dial() const { return false; }
  // Creates the state that all flows of the rule share. Returns nullptr if the fault has none.
  virtual std::unique_ptr<FaultState> make_state() const { return nullptr; }
  // Returns the interface for DNS queries, or nullptr if the fault does not act on DNS. The
  // returned object lives as long as the fault.
  virtual const DnsFault* dns() const { return nullptr; }
  // Returns the interface for HTTP requests, or nullptr if the fault does not act on HTTP. The
  // returned object lives as long as the fault.
  virtual const HttpFault* http() const { return nullptr; }
  // The same for HTTP/2 connections.
  virtual const Http2Fault* http2() const { return nullptr; }
  // Whether the fault acts on this kind of traffic with its present settings. The FaultKind lists
  // in `carriers` the kinds of traffic that some settings allow.
  virtual bool acts_on(Carrier /*carrier*/) const { return true; }
  // Whether stages keep their state when the settings change (see Stage::take_over).
  virtual bool inherits_state() const { return false; }
  // Whether the key `ramp` has an effect on the fault with these settings.
  virtual bool ramps() const { return true; }
  // Whether limiting the rule to one direction is an error.
  virtual bool needs_both_directions() const { return false; }
  // Whether the fault with these settings drops the SYNs of new connections, so that connects hang
  // (syn_plan.h).
  virtual bool loses_syns() const { return false; }
  // The ICMP error with which the fault rejects SYNs and datagrams where nftables can be used
  // (syn_plan.h); no value if it rejects none.
  virtual std::optional<Unreachable> answers_syns() const { return std::nullopt; }
  // Whether the fault simulates a server's slow accept loop, for which connections queue.
  // next_accept() describes the loop.
  virtual bool queues_accepts() const { return false; }
  // Returns the time at which the accept loop accepts its next connection; an instant in the past
  // means now.
  virtual Instant next_accept(const FaultState& /*shared*/) const { return Instant::min(); }
  // Whether the fault refuses clients that retry before the time in their Retry-After header
  // (Note::early).
  virtual bool punishes() const { return false; }
  // For faults of level kListener: whether open connections are reset when the fault begins.
  virtual bool cuts_live_connections() const { return false; }
};

enum class Level {
  kListener,    // acts on the listening port, for all clients
  kConnection,  // acts on a new connection, before data flows
  kBytes,       // acts on the data of connections and UDP sessions, including open ones
  kFirewall,    // changes the rules of a [[firewall]], as a misconfiguration does
  // Acts on single messages: a DNS query and its answer, an HTTP request and its response.
  kMessage,
};

// The value that the key `ramp` raises gradually from 0 to the configured value: the size of the
// fault or its probability.
enum class Ramp { kMagnitude, kProbability };

// The part on which a fault acts: an HTTP request (or DNS query), its response (or answer), or
// both.
enum class ExchangePart {
  kBoth,
  kRequest,   // acts on the request or query
  kResponse,  // acts on the response or answer
  // Acts on the response if the rule has direction = "downstream" or matches a status, otherwise on
  // the request.
  kByDirection,
  kResponseByDefault,  // acts on the request if the rule has direction = "upstream"
};

// A key that has an effect on some of a fault's carriers only.
struct KeyFor {
  std::string_view key;
  CarrierSet carriers;
};

struct FaultKind {
  std::string_view name;
  Level level = Level::kBytes;
  CarrierSet carriers = kStreams;
  std::vector<KeyFor> keys_for = {};
  Ramp ramp = Ramp::kProbability;
  // For Ramp::kMagnitude: end of "While `ramp` lasts: ..." on the reference page.
  std::string_view ramped = {};
  bool per_chunk = false;  // the rule may have per = "chunk"
  // For faults on messages: acts only on messages that set up a connection, such as CONNECT.
  bool at_opening = false;
  bool on_syn = false;    // the fault acts on SYNs: a rule can match only what they show
  bool on_http2 = false;  // the fault acts on HTTP/2 connections: a rule cannot match requests
  // For HTTP and DNS: whether the key `direction` limits the fault to the request or the response.
  bool directed = false;
  bool on_body = false;     // for HTTP: the fault acts on bodies, through a stage
  bool terminated = false;  // for TLS: the fault requires a listener that terminates TLS
  bool needs_ca = false;    // for TLS: the fault requires a CA that can issue certificates
  // For HTTP and DNS: whether the fault acts on requests (or queries), responses (or answers), or
  // both.
  ExchangePart http_part = ExchangePart::kBoth;
  ExchangePart dns_part = ExchangePart::kBoth;
  // For messages: acts only on those that the receiver can refuse.
  bool refuses = false;
  // For HTTP and DNS: whether on_seen() is called for messages on which the fault does not act.
  bool observes_all = false;
  ProtocolSet (*protocols)() = ProtocolSet::any;  // protocols of messages that the fault supports
  // Texts for the reference page, as sentences without their final period.
  std::string_view summary;  // one or two whole sentences about the effect that the client sees
  std::string_view correct_client;  // end of the sentence "A correct client ..."
  std::string_view unit;            // end of "Applies to each: ...", for example "connection"
  std::string_view composition;     // effect of two such rules together
  std::string_view source;  // source of the formula, the wire format or the client's behavior

  const std::vector<FieldInfo>& (*fields)() = nullptr;
  std::shared_ptr<const Fault> (*compile)(const Node& table, Diagnostics& problems) = nullptr;

  bool carries(Carrier carrier) const { return carriers.has(carrier); }
  // Whether the fault supports one of the message protocols in `spoken`. Also true if `spoken` is
  // empty, because then the listener has no messages.
  bool supports(ProtocolSet spoken) const {
    return spoken.empty() || !(protocols() & spoken).empty();
  }
};

// The settings of faults that have no keys but `type`.
struct NoSettings {};

// Completes the description of a fault from its class F. F must have a nested type Settings, a
// constructor that takes Settings, and these functions:
//   static const Schema<Settings>& schema();
//   static void check(const Settings&, const Node&, Diagnostics&);  // optional: reports errors
//                                                                   // that involve several keys
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

// Returns the position of a key, or of its table if the key is absent. Used for errors about
// several keys.
inline Position position_of(const Node& table, std::string_view key) {
  const auto* node = table.find(key);
  return node != nullptr ? node->where : table.where;
}

// Returns the kinds of traffic as a text, for example "TCP connections, UDP sessions and DNS
// queries".
std::string carriers_text(CarrierSet carriers, ProtocolSet protocols);
inline std::string carriers_text(const FaultKind& kind) {
  return carriers_text(kind.carriers, kind.protocols());
}

// Returns all faults, in the order of the reference page (rules/registry.cpp).
std::span<const FaultKind* const> all_faults();
const FaultKind* find_fault(std::string_view name);

// Returns Brownout's name for the fault that other tools call `name`; "" if no fault has this
// alias.
std::string_view aliased_fault(std::string_view name);

// Returns the reason why the packet fault `name` cannot act on a stream; "" if `name` is not a
// packet fault.
std::string_view why_not_for_streams(std::string_view name);

}  // namespace brownout::rules
