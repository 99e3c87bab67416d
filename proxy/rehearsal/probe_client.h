// ProbeClient: performs a synthetic user's operation at one endpoint, once for each call of
// attempt(). Each user owns one. Its connection, if its kind keeps one, stays open between
// attempts.
//
// Calls block; use only on the user's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/rehearsal/blocking.h"
#include "rules/chance/dice.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// The server that one attempt of an operation goes to.
struct Target {
  Endpoint address;
  std::string name = {};  // name to look up before the connect; empty for no lookup
  std::string url = {};  // the URL in the rule file; empty if the file has a listener or an address
};

struct Attempt {
  std::string why = {};  // reason of the failure; empty after success
  // Whether the attempt could not be made, because of this machine or the rule file.
  bool unable = false;
  std::uint32_t connects = 0;  // number of new connections
  // Number of retries that the client library made by itself within this attempt.
  std::uint32_t retries = 0;
  std::int64_t sent = 0;  // number of messages sent in this attempt
  // Number of lost messages; negative if more messages of earlier attempts arrived late than were
  // lost now.
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  // Numbers of the messages of this attempt that have not arrived.
  std::vector<std::uint64_t> missing = {};
  // Numbers of the messages of earlier attempts that arrived now.
  std::vector<std::uint64_t> found = {};
  // For clients with a consumer in a group: rules::Operation says what these are. The times of a
  // rebalance are its begin and end.
  std::optional<std::int64_t> lag = {};
  std::vector<std::pair<Instant, Instant>> rebalances = {};

  bool ok() const { return why.empty(); }
};

class Descendants;

// The settings of one user. `probe` and `processes` are not owned.
struct ClientSettings {
  const rules::Probe* probe = nullptr;
  std::uint32_t user = 0;
  std::optional<rules::IpAddress> local;
  std::optional<Endpoint> resolver;  // DNS server to ask before each new connection, if given
  std::string password = {};         // first line of the probe's password_file
  Descendants* processes = nullptr;  // starts commands, for the kind exec only; not owned
  rules::Dice dice = {};             // random numbers for the client itself, such as random pauses
};

class ProbeClient {
 public:
  virtual ~ProbeClient() = default;
  // Performs the operation once, until `deadline` at the latest, and returns its result.
  virtual Attempt attempt(const Target& target, Instant deadline) = 0;
  // Closes the connection; the next attempt opens a new one.
  virtual void drop() {}
  // Serves the open connection between two operations, for clients that must answer or watch it.
  // Returns at `until` at the latest, and may return before.
  virtual void idle(Instant /*until*/) {}
  // Whether an operation is one message, which is lost if no attempt succeeds. Other clients count
  // their messages themselves.
  virtual bool counts_one_message() const { return false; }
};

// Makes a client of the probe's kind. Returns null if no file in users/ has that kind.
std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings);

// A kind of probes and the function that makes its client. Each file users/NAME.cpp defines one
// UserRow named kNameUser. CMake lists these rows in user_rows.h.
struct UserRow {
  std::string_view kind;
  std::unique_ptr<ProbeClient> (*make)(const ClientSettings& settings);
};
template <class Client>
std::unique_ptr<ProbeClient> make_client(const ClientSettings& settings) {
  return std::make_unique<Client>(settings);
}

// Returns the address to connect to: the address of `target`, or the result of a lookup if the
// probe asks for one.
Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline);
// Sends a DNS query to `resolver`, and returns the addresses in the answer.
Outcome<std::vector<rules::IpAddress>> look_up(const Endpoint& resolver,
                                               const std::optional<rules::IpAddress>& local,
                                               const std::string& name, rules::DnsType type,
                                               Instant deadline);

}  // namespace brownout::rehearsal
