// The commands of `brownout`: a struct with the command-line options of each, and a function that
// runs the command and returns the process exit code.
//
// Exit codes are 0 done, 1 failed, 2 bad input, and others as documented below. parser.cpp fills
// the options; only few files include CLI11, which is slow to compile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/cli/quick_file.h"
#include "rules/language/ask.h"

namespace brownout::cli {

inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;
// rehearse: there is no verdict; exec: network namespaces are not allowed
inline constexpr int kStopped = 3;

struct RunOptions {
  std::string path;  // the rule file; empty if `quick` describes the rules instead
  QuickFile quick;
  unsigned workers = 1;
  std::string events;        // file for the log of injected faults; "-" is standard output, "" none
  std::string otlp;          // base URL of an OpenTelemetry collector; "" for none
  std::string flows;         // file for the log of flows; "-" is standard output, "" none
  std::string drain = "3s";  // time for open connections to end; Docker kills after 10 s
  std::string length;               // how long to run; "" until a signal
  std::vector<std::string> expect;  // sentences (rules/rehearsal/expect_sentence.h)
  std::string log_level = "info";
  bool no_watch = false;
  std::string api;         // address of the API, or "off"; "" tries the default address
  std::string api_socket;  // path of a unix socket for the API; "" for none
  std::string token_file;  // file with the API's access token; "" for none
  std::string api_certificate;
  std::string api_key;
  std::string state;           // file that keeps the API's changes over a restart; "" for none
  std::string max_fault_time;  // longest time that a rule may act; "" for no limit
  std::string toxiproxy_config;
};
int run(const RunOptions& options);

// With `for_exec`, checks the rule file as `brownout exec` reads it.
int check(const std::string& path, bool for_exec);

struct ExecOptions {
  std::string path;
  std::vector<std::string> command;
  unsigned workers = 1;
  std::string events;  // file for the log of injected faults; "-" is standard output, "" none
  std::string log_level = "warn";
  bool no_watch = false;
  bool summary = false;
};
// Runs a command behind the proxy and returns the exit status of that command. Returns 2 for bad
// input, or 3 if the system does not allow network namespaces.
int exec(ExecOptions options);

struct InitOptions {
  std::string path;  // of the new file; "": standard output
  bool force = false;
  bool yes = false;  // ask nothing
  std::string listen;
  std::vector<std::string> to;
  std::string protocol;
  std::string from;    // a file, "-" for standard input, or ""
  std::string format;  // of `from`; "": by its content
  std::string preset;
  bool from_exec = false;
  std::vector<std::string> command;  // behind --, for from_exec
};
// Writes a rule file. After an error, nothing is written.
int init(const InitOptions& options);

struct InterceptOptions {
  std::string action;             // the subcommand: "print", "apply" or "remove"
  std::string path;               // the rule file; unused for "remove"
  std::vector<std::string> uids;  // user ids or user names
  std::vector<std::string> cgroups;
  std::vector<std::string> interfaces;
  std::vector<std::string> prefixes;
  std::string length = "10m";
};
int intercept(const InterceptOptions& options);

struct ExplainOptions {
  std::string path;
  rules::Asked asked;
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

// Options of `brownout firewall diff`, which exits with 1 if new rules would break a flow.
struct FirewallDiffOptions {
  std::string before;
  std::string after;
  std::string flows;
  std::string chain;
};
int firewall_diff(const FirewallDiffOptions& options);

// Creates the local certificate authority for tests in the folder.
int ca_init(const std::string& folder);
int ca_show(const std::string& folder);

struct RehearseOptions {
  std::string path;
  std::string text;     // contents of the rule file; empty: read `path`
  bool replay = false;  // `path` is a report, whose rehearsal is run again
  bool ci = false;
  bool force = false;
  // embedded servers that handle faults "well" or "badly"; "" for the servers of the file
  std::string embedded;
  bool virtual_time = false;      // run without waiting, on a virtual clock; needs `embedded`
  std::string report = "report";  // a folder, or ""
  bool report_per_run = false;    // a new folder in `report` for each run
  std::string api;                // an address, "off", or "" for the usual one
  std::string token_file;
};
// Returns 0 if all expectations are met, and 1 if one is not met. Returns 2 if the rehearsal could
// not begin. Returns 3 if there is no verdict: it was stopped, not measured, or not reported.
int rehearse(const RehearseOptions& options);

// Files for a page in addition to the text; "" for none.
struct PageOptions {
  std::string html;
  std::string markdown;
};
int report_compare(const std::string& before, const std::string& after,
                   const std::string& max_regression, const PageOptions& pages);
// `metric`: the name or metric of an expectation, or "" for all.
int report_trend(const std::vector<std::string>& folders, const std::string& metric,
                 const PageOptions& pages);

struct ToxiproxyOptions {
  std::string host = "localhost";
  std::uint16_t port = 8474;
  std::string config;  // file with the proxies to load; "" for none
  std::optional<std::uint64_t> seed;
  bool proxy_metrics = false;
  bool runtime_metrics = false;
  unsigned workers = 1;
};
// Serves Toxiproxy's API until SIGINT or SIGTERM arrives.
int toxiproxy(const ToxiproxyOptions& options);

// `brownout ctl` sends a command to a running proxy. Its exit codes are 0 done, 1 no response, 2
// refused, and 4 if the rule or flow does not exist.
inline constexpr int kNoSuch = 4;
struct CtlOptions {
  std::string command;  // the subcommand: "status", "add" and so on
  // URL of the API, or "unix:/path". If empty, BROWNOUT_URL or TOXIPROXY_URL is used, else
  // http://127.0.0.1:8474.
  std::string url;
  std::string token_file;
  std::string ca;                 // PEM file of the CA that signed the API's certificate
  bool json = false;              // print JSON; implied unless standard output is a terminal
  std::string name;               // a rule such as "slow", or a flow such as "chat#3"
  std::vector<std::string> keys;  // the type of the fault to add, then its key=value pairs
  std::string listener;
  std::string client;
  std::string direction;
  std::string probability;
  std::string duration;
  std::string lease;
  // Of `why`: parameters of the API by name, and KEY=TEXT pairs for any others.
  std::map<std::string, std::string> filter;
  std::vector<std::string> where;
};
int ctl(const CtlOptions& options);

int demo();

// Prints the reference page of the rule file (Markdown).
int reference();
// Prints the JSON Schema of the rule file.
int schema();

}  // namespace brownout::cli
