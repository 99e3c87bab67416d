// Decides which TCP SYNs are dropped ("lost"), so that the clients' connects hang, or rejected
// ("answered") with an ICMP error. The decision is made before a connection exists, so it can use
// only the addresses and ports of the SYN. Pure functions; any thread.
//
//   plan_syns   the clauses in force at one listener now, and when they change
//   losing      the rule that loses a SYN; the proxy gives the same clauses to the kernel
//               (proxy/net/syn_filter.h)
//
// The clauses of one rule are tried in order, and the first that matches decides. A SYN is dropped
// if any rule drops it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/rule_set.h"

namespace brownout::rules {

// The mechanisms of this machine with which SYNs can be dropped or rejected.
struct SynWays {
  bool filters = true;  // whether this process may attach filters to sockets
  // Whether the clients are in the network namespace of `brownout exec`, where SYNs keep their
  // original destination.
  bool own_network = false;
  // whether nftables can be used in the network namespace where the clients' packets arrive
  bool packets = false;
};

// The properties of a listener on which the fate of its SYNs depends.
struct SynListener {
  std::string name;
  SynSight sight = SynSight::kNone;
  // Which addresses nftables sees at this listener; kNone if nftables cannot be used. Only nftables
  // can reject SYNs and datagrams.
  SynSight packets = SynSight::kNone;
  CarrierSet carriers = kStreams;  // the kinds of traffic on which rules act there
  // Whether the kernel can filter SYNs selectively. If not, only all SYNs can be dropped, by a full
  // accept queue, and only if `reachable` is true.
  bool filtered = true;
  bool by_packets = false;  // whether nftables drops the SYNs, instead of a filter on the socket
  bool reachable = true;
  // Whether the client's address comes in a PROXY header, so that the SYN has the address of
  // another proxy.
  bool proxy_header = false;
  // The only server of a listener that does not intercept, if it has a literal address.
  std::optional<AddressPort> server = {};
};

// How the random number for a SYN is drawn. It is a hash of fields of the SYN, so that the kernel's
// filter can compute it, too.
struct SynDraw {
  enum class Per {
    kClient,  // one draw for each client address
    // one for each connect, since retransmissions have the same port and sequence number
    kConnection,
    kSegment,  // one for each SYN
  };
  Per per = Per::kConnection;
  Ratio probability{Ratio::kOne};
  std::uint32_t seed = 0;
};

struct SynClause {
  bool loses = true;  // if false, the rule lets the SYN pass
  // Conditions on the SYN; all must hold. Empty lists match everything.
  std::optional<bool> v4 = {};
  std::vector<Prefix> client = {};
  std::vector<PortRange> client_port = {};
  std::vector<Prefix> destination = {};
  // The addresses of the names in the rule's key `host`, a condition in addition to `destination`;
  // no value without this key.
  std::optional<std::vector<Prefix>> named = {};
  std::vector<PortRange> port = {};
  SynDraw draw = {};
};

struct SynRule {
  RuleRef rule;
  std::vector<SynClause> clauses;
  // The ICMP error that rejects the SYNs which the clauses select; no value if they are dropped.
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

// Returns the clauses for a firewall at this listener, as its lines are at `now`.
SynRule firewall_syns(const RuleRef& rule, const SynListener& listener, Instant now);

// Returns why the rule's fault cannot drop or reject SYNs at this listener, as the end of a
// sentence; "" if it can. If it cannot, connections are accepted, and then left silent or reset.
std::string_view why_syns_pass(const Rule& rule, const SynListener& listener);

// Whether the rule drops every SYN of the listener, so that a full accept queue has the same
// effect.
bool loses_every_syn(const Rule& rule, const SynListener& listener);

// Whether the kernel has already applied the rule to the SYN of this connection, so that it must
// not be applied again.
bool decided_by_syn(const Rule& rule, const FlowFacts& flow);

struct SynFacts {
  IpAddress client;
  std::uint16_t client_port = 0;
  IpAddress destination;
  std::uint16_t port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t random = 0;  // for draws per segment
};
// Returns the first rule that drops or rejects the SYN, or null.
const SynRule* losing(std::span<const SynRule> rules, const SynFacts& syn);

// Whether every SYN is dropped without an answer, whatever its addresses are.
bool loses_all(const SynRule& rule);
bool loses_all(std::span<const SynRule> rules);

// Returns how the rule draws random numbers for SYNs. The rule's probability is scaled by
// `intensity` (0 to 1).
SynDraw syn_draw(const Rule& rule, double intensity);
// Returns the random number for the SYN; the SYN is dropped if it is less than syn_threshold().
std::uint32_t syn_number(const SynDraw& draw, const SynFacts& syn);
// Returns the limit for syn_number(); no value if the probability is 100%.
std::optional<std::uint32_t> syn_threshold(const SynDraw& draw);

// Constants of the hash in syn_number(). The hash begins with the seed, takes one 32-bit number at
// a time, and ends with the finalizer of MurmurHash3. The kernel's filter computes the same hash.
struct SynHash {
  static constexpr std::uint32_t kStep = 0x9e3779b1;
  static constexpr int kStepShift = 15;
  static constexpr std::uint32_t kFirst = 0x85ebca6b;
  static constexpr int kFirstShift = 13;
  static constexpr std::uint32_t kSecond = 0xc2b2ae35;
  static constexpr int kSecondShift = 16;
};

}  // namespace brownout::rules
