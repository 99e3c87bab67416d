// ProbeClient: one synthetic user's way to do its thing once, at one endpoint. One per user; its
// connection, if its kind keeps one, stays open between attempts.
//
// Blocking; used by its user's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/rehearsal/blocking.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

// Where an attempt goes.
struct Target {
  Endpoint address;
  std::string name = {};  // looked up before it is dialled; empty: not
  std::string url =
      {};  // as the file has it, for http; empty where a listener or an address is meant
};

struct Attempt {
  std::string why = {};  // it failed; empty: it did not
  bool unable = false;   // it could not even be tried, for a reason on this side
  std::uint32_t connects = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;  // less than none: what an earlier attempt lost came now
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;

  bool ok() const { return why.empty(); }
};

class Descendants;

// A user's circumstances. `probe` and `processes` are borrowed.
struct ClientSettings {
  const rules::Probe* probe = nullptr;
  std::uint32_t user = 0;
  std::optional<rules::IpAddress> local;
  std::optional<Endpoint> resolver;  // asked before each new connection
  std::string password = {};         // of the probe's password_file
  Descendants* processes = nullptr;  // of exec
};

class ProbeClient {
 public:
  virtual ~ProbeClient() = default;
  virtual Attempt attempt(const Target& target, Instant deadline) = 0;
  // Gives up what is open: the next attempt is another's.
  virtual void drop() {}
};

// Null for a kind without a row.
std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings);

// What a file users/NAME.cpp gives: it defines kNameUser, and CMake makes the table (user_rows.h)
// of these files.
struct UserRow {
  std::string_view kind;
  std::unique_ptr<ProbeClient> (*make)(const ClientSettings& settings);
};
template <class Client>
std::unique_ptr<ProbeClient> make_client(const ClientSettings& settings) {
  return std::make_unique<Client>(settings);
}

// The address to dial: that of `target`, or with its host looked up if the probe says so.
Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline);
// The addresses in the answer of `resolver`.
Outcome<std::vector<rules::IpAddress>> look_up(const Endpoint& resolver,
                                               const std::optional<rules::IpAddress>& local,
                                               const std::string& name, rules::DnsType type,
                                               Instant deadline);

}  // namespace brownout::rehearsal
