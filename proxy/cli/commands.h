// The commands of brownout: for each, its options and what it does. Returns the exit code: 0 done,
// 1 failed, 2 bad input. parser.cpp reads the command line; only it knows CLI11, which is slow to
// compile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brownout::cli {

inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;
inline constexpr int kStopped = 3;  // a rehearsal without a verdict; exec: not allowed here

struct RunOptions {
  std::string path;
  unsigned workers = 1;
  std::string events;        // a file, "-" or ""
  std::string flows;         // as events
  std::string drain = "3s";  // container runtimes kill after ten
  std::string log_level = "info";
  bool no_watch = false;
  std::string api;         // an address, "off", or "": the usual one if it is free
  std::string api_socket;  // the path of a unix socket, or ""
  std::string token_file;  // or ""
  std::string api_certificate;
  std::string api_key;
  std::string state;           // a file, or ""
  std::string max_fault_time;  // or ""
  std::string toxiproxy_config;
};
int run(const RunOptions& options);

// `for_exec`: as exec reads it.
int check(const std::string& path, bool for_exec);

struct ExecOptions {
  std::string path;
  std::vector<std::string> command;
  unsigned workers = 1;
  std::string events;  // a file, "-" or ""
  std::string log_level = "warn";
  bool no_watch = false;
  bool summary = false;
};
// The exit status of the command, as a shell has it; 2: bad input; 3: not allowed here.
int exec(ExecOptions options);

struct InterceptOptions {
  std::string action;             // "print", "apply" or "remove"
  std::string path;               // not for remove
  std::vector<std::string> uids;  // numbers or names
  std::vector<std::string> cgroups;
  std::vector<std::string> interfaces;
  std::vector<std::string> prefixes;
  std::string length = "10m";
};
int intercept(const InterceptOptions& options);

struct ExplainOptions {
  std::string path;
  std::string listener;
  std::string client;
  std::string destination;
  std::uint64_t ordinal = 1;
  std::string at = "0s";
  std::string qname;
  std::string qtype = "A";
  std::string transport = "udp";
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "name: value"
  int status = 0;                    // of the response; 0: there is none yet
  std::string sni;
  std::string alpn;
  std::optional<std::uint64_t> seed;

  // Of a message, by MessageProtocol::ExplainOption.
  std::map<std::string, std::string> message;
  std::string text;  // that it carries
};
int explain(const ExplainOptions& options);

struct VerifyOptions {
  bool quick = false;
  bool json = false;
};
int verify(const VerifyOptions& options);

struct FirewallImportOptions {
  std::string path;
  std::string chain;
  std::string name;
};
int firewall_import(const FirewallImportOptions& options);

// Exit code 1 when a flow would break.
struct FirewallDiffOptions {
  std::string before;
  std::string after;
  std::string flows;
  std::string chain;
};
int firewall_diff(const FirewallDiffOptions& options);

// The local CA in that folder.
int ca_init(const std::string& folder);
int ca_show(const std::string& folder);

struct RehearseOptions {
  std::string path;
  std::string text;     // of the file; empty: `path` is read
  bool replay = false;  // `path` is a report
  bool ci = false;
  bool force = false;
  std::string embedded;           // "well", "badly", or "": the servers of the file
  bool virtual_time = false;      // with `embedded`: nobody waits
  std::string report = "report";  // a folder, or ""
};
// 0 all expectations met, 1 one is not, 2 it did not begin (bad input, or what it needs is not
// there), 3 it says nothing: it was stopped, or something was not measured, or the report could not
// be written.
int rehearse(const RehearseOptions& options);
int report_compare(const std::string& before, const std::string& after,
                   const std::string& max_regression);

struct ToxiproxyOptions {
  std::string host = "localhost";
  std::uint16_t port = 8474;
  std::string config;  // a file, or ""
  std::optional<std::uint64_t> seed;
  bool proxy_metrics = false;
  bool runtime_metrics = false;
  unsigned workers = 1;
};
// Serves Toxiproxy's API until it is told to end.
int toxiproxy(const ToxiproxyOptions& options);

// A command to a running proxy; the exit code says how it went: 0 done, 1 nobody answers, 2
// refused, 4 there is no such thing.
inline constexpr int kNoSuch = 4;
struct CtlOptions {
  std::string command;  // "status", "add"...
  std::string url;  // or "unix:/path"; "": BROWNOUT_URL, TOXIPROXY_URL, or http://127.0.0.1:8474
  std::string token_file;
  std::string ca;                 // a PEM file that signed the API's certificate
  bool json = false;              // also when standard output is no terminal
  std::string name;               // of a rule, or a flow: "chat#3"
  std::vector<std::string> keys;  // of a fault: its type, then key=value
  std::string listener;
  std::string client;
  std::string direction;
  std::string probability;
  std::string duration;
  std::string lease;
};
int ctl(const CtlOptions& options);

int demo();

// The reference page of the rule file (Markdown).
int reference();

}  // namespace brownout::cli
