// ProbeClient: performs one attempt of a synthetic user's operation, at one endpoint. One object
// per user; its connection, if its kind keeps one, stays open between attempts.
//
// Blocking; user's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/rehearsal/blocking.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// The destination of an attempt.
struct Target {
  Endpoint address;
  std::string name = {};  // looked up before the connect; empty: no lookup
  std::string url = {};   // http: whole URL of the file; empty: a listener or an address
};

struct Attempt {
  std::string why = {};  // reason of the failure; empty: success
  bool unable = false;   // could not be attempted, for a reason on this side
  std::uint32_t connects = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;  // negative: messages that an earlier attempt lost have arrived
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  std::vector<std::uint64_t> missing = {};  // numbers of messages that have not arrived
  std::vector<std::uint64_t> found = {};    // numbers that an earlier attempt missed

  bool ok() const { return why.empty(); }
};

class Descendants;

// The settings of one user. `probe` and `processes` are borrowed.
struct ClientSettings {
  const rules::Probe* probe = nullptr;
  std::uint32_t user = 0;
  std::optional<rules::IpAddress> local;
  std::optional<Endpoint> resolver;  // for lookups before each new connection
  std::string password = {};         // first line of the probe's password_file
  Descendants* processes = nullptr;  // exec only
};

class ProbeClient {
 public:
  virtual ~ProbeClient() = default;
  virtual Attempt attempt(const Target& target, Instant deadline) = 0;
  // Closes the connection; the next attempt opens a new one.
  virtual void drop() {}
};

// Null for a kind without a row.
std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings);

// A file users/NAME.cpp defines one row, kNameUser. CMake generates the table of all rows
// (user_rows.h) from these files.
struct UserRow {
  std::string_view kind;
  std::unique_ptr<ProbeClient> (*make)(const ClientSettings& settings);
};
template <class Client>
std::unique_ptr<ProbeClient> make_client(const ClientSettings& settings) {
  return std::make_unique<Client>(settings);
}

// The address to connect to: that of `target`, or the result of a lookup if the probe asks for one.
Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline);
// Returns the addresses in the answer of `resolver`.
Outcome<std::vector<rules::IpAddress>> look_up(const Endpoint& resolver,
                                               const std::optional<rules::IpAddress>& local,
                                               const std::string& name, rules::DnsType type,
                                               Instant deadline);

}  // namespace brownout::rehearsal
