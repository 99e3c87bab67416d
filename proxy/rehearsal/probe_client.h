// ProbeClient: performs one attempt of a synthetic user's operation, at one endpoint. One object
// per user; its connection, if its kind keeps one, stays open between attempts.
//
// Blocking; use only on the user's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/rehearsal/blocking.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// The destination of one attempt.
struct Target {
  Endpoint address;
  std::string name = {};  // name to look up before the connect; empty: no lookup
  std::string url = {};   // the URL in the rule file; empty: the file has a listener or an address
};

struct Attempt {
  std::string why = {};  // reason of the failure; empty: success
  bool unable = false;   // not attempted, because of this machine or the rule file
  std::uint32_t connects = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;  // negative: messages that an earlier attempt lost have arrived
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;

  bool ok() const { return why.empty(); }
};

class Descendants;

// The settings of one user. `probe` and `processes` are not owned.
struct ClientSettings {
  const rules::Probe* probe = nullptr;
  std::uint32_t user = 0;
  std::optional<rules::IpAddress> local;
  std::optional<Endpoint> resolver;  // server for a DNS lookup before each new connection
  std::string password = {};         // first line of the probe's password_file
  Descendants* processes = nullptr;  // used by the kind exec only; not owned
};

class ProbeClient {
 public:
  virtual ~ProbeClient() = default;
  virtual Attempt attempt(const Target& target, Instant deadline) = 0;
  // Closes the connection; the next attempt opens a new one.
  virtual void drop() {}
};

// Makes the client of the probe's kind. Returns null if no file in users/ has that kind.
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
