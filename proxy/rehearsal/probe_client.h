// ProbeClient: one synthetic user's way to do its thing once, at one endpoint. One per user; its
// connection, if its kind keeps one, stays open between attempts.
//
//   tcp          a numbered message there and back on a connection that stays open
//   http         a request (libcurl), on a connection that is kept alive
//   websocket    three numbered messages there and back
//   dns, tls     a lookup; a handshake
//   exec         a command
//   prometheus   a query that must have a result
//   mqtt         three numbered messages published and subscribed to (libmosquitto)
//   xmpp         a ping, and three numbered messages to itself (libstrophe)
//
// Blocking; used by its user's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

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

std::unique_ptr<ProbeClient> make_probe_client(const ClientSettings& settings);

// By each file of its kind.
std::unique_ptr<ProbeClient> make_tcp_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_http_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_prometheus_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_dns_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_websocket_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_tls_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_exec_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_mqtt_client(const ClientSettings& settings);
std::unique_ptr<ProbeClient> make_xmpp_client(const ClientSettings& settings);

// The address to dial: that of `target`, or with its host looked up if the probe says so.
Outcome<Endpoint> address_of(const ClientSettings& settings, const Target& target,
                             Instant deadline);
// The addresses in the answer of `resolver`.
Outcome<std::vector<rules::IpAddress>> look_up(const Endpoint& resolver,
                                               const std::optional<rules::IpAddress>& local,
                                               const std::string& name, rules::DnsType type,
                                               Instant deadline);

}  // namespace brownout::rehearsal
