// Decides which connects hang because their SYNs are lost. The decision is made before a connection
// exists, so it knows only what a SYN shows: addresses and ports. Pure functions; any thread.
//
//   plan_syns   the clauses in force at one listener now, and when they change
//   losing      the rule that loses a SYN; the proxy gives the same clauses to the kernel
//               (proxy/net/syn_filter.h)
//
// The clauses of one rule are tried in order, and the first that matches decides. A SYN is lost if
// any rule loses it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/rule_set.h"

namespace brownout::rules {

// The ways to lose or answer SYNs that the system allows.
struct SynWays {
  bool filters = true;  // the kernel takes filters of sockets from this process
  // The clients are in the network of `brownout exec`, where SYNs keep their destination.
  bool own_network = false;
  bool packets = false;  // Brownout may use nftables where the clients' packets arrive
};

// A listener, as far as its SYNs are concerned.
struct SynListener {
  std::string name;
  SynSight sight = SynSight::kNone;
  // The same for nftables, which can also answer SYNs and datagrams; kNone if it cannot be used.
  SynSight packets = SynSight::kNone;
  CarrierSet carriers = kStreams;  // the kinds of traffic on which rules act there
  // Whether the kernel can filter its SYNs. Otherwise only all of them can be lost, by a full
  // accept queue, if Brownout can reach it.
  bool filtered = true;
  bool by_packets = false;  // nftables loses the SYNs, instead of a filter
  bool reachable = true;
  // Whether the client's address comes in a PROXY header, so that the SYN shows another one.
  bool proxy_header = false;
  // The only server of a listener that does not intercept, if it has a literal address.
  std::optional<AddressPort> server = {};
};

// A random draw about a SYN. The number is a hash, which the kernel's filter can compute, too.
struct SynDraw {
  enum class Per {
    kClient,      // one draw for each client address
    kConnection,  // one for each connect: retransmissions have the same port and sequence number
    kSegment,     // one for each SYN
  };
  Per per = Per::kConnection;
  Ratio probability{Ratio::kOne};
  std::uint32_t seed = 0;
};

struct SynClause {
  bool loses = true;  // false: the SYN passes this rule
  // Conditions on the SYN; all must hold. Empty lists match everything.
  std::optional<bool> v4 = {};
  std::vector<Prefix> client = {};
  std::vector<PortRange> client_port = {};
  std::vector<Prefix> destination = {};
  // The addresses of the rule's `host`, beside `destination`; no value if it has none.
  std::optional<std::vector<Prefix>> named = {};
  std::vector<PortRange> port = {};
  SynDraw draw = {};
};

struct SynRule {
  RuleRef rule;
  std::vector<SynClause> clauses;
  // Which message answers what the clauses would lose; no value if it is lost.
  std::optional<Unreachable> answer = {};
};

struct SynPlan {
  std::vector<SynRule> rules;
  Instant next = kNever;    // time at which the plan changes
  bool uses_names = false;  // whether the plan changes when the addresses of names do
};

// Returns the known addresses of names, for the key `host`.
using AddressesOf = std::function<std::vector<Prefix>(const std::vector<NamePattern>&)>;

SynPlan plan_syns(const RuleSet& set, const SynListener& listener, Instant now,
                  const AddressesOf& addresses);

// Returns the clauses of a firewall's rule at the listener now.
SynRule firewall_syns(const RuleRef& rule, const SynListener& listener, Instant now);

// Returns the reason why a rule whose fault loses or answers SYNs cannot do so at the listener, as
// the end of a sentence; "" if it can. Connections are then accepted, and silent or reset.
std::string_view why_syns_pass(const Rule& rule, const SynListener& listener);

// Whether the rule loses every SYN of the listener, so that a full accept queue does the same.
bool loses_every_syn(const Rule& rule, const SynListener& listener);

// Whether the kernel's filter has decided about the rule already, before this connection existed.
bool decided_by_syn(const Rule& rule, const FlowFacts& flow);

struct SynFacts {
  IpAddress client;
  std::uint16_t client_port = 0;
  IpAddress destination;
  std::uint16_t port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t random = 0;  // for draws per segment
};
// Returns the first rule that loses the SYN, or null.
const SynRule* losing(std::span<const SynRule> rules, const SynFacts& syn);

// Whether every SYN is lost without an answer, whatever its addresses.
bool loses_all(const SynRule& rule);
bool loses_all(std::span<const SynRule> rules);

// The draw of a rule about SYNs, with its probability at this intensity.
SynDraw syn_draw(const Rule& rule, double intensity);
// Returns the number drawn; the SYN is lost if it is less than syn_threshold().
std::uint32_t syn_number(const SynDraw& draw, const SynFacts& syn);
// No value if the probability is 100%.
std::optional<std::uint32_t> syn_threshold(const SynDraw& draw);

// The hash of syn_number() begins with the seed, takes a number of 32 bits at a time, and mixes at
// the end as MurmurHash3 does. The kernel's filter computes it with these constants.
struct SynHash {
  static constexpr std::uint32_t kStep = 0x9e3779b1;
  static constexpr int kStepShift = 15;
  static constexpr std::uint32_t kFirst = 0x85ebca6b;
  static constexpr int kFirstShift = 13;
  static constexpr std::uint32_t kSecond = 0xc2b2ae35;
  static constexpr int kSecondShift = 16;
};

}  // namespace brownout::rules
