// The commands of `brownout`. Each has a struct with its command-line options, and a function that
// runs the command and returns the exit code of the process.
//
// exit_codes.h has the exit codes. parser.cpp fills the options. Only files that declare options or
// list the commands include CLI11, which is slow to compile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/cli/exit_codes.h"
#include "proxy/cli/quick_file.h"
#include "rules/language/ask.h"

namespace brownout::cli {

struct RunOptions {
  std::string path;  // the rule file; empty if `quick` describes the rules instead
  QuickFile quick;
  unsigned workers = 1;
  std::string events;        // file for the log of injected faults; "-" is standard output, "" none
  std::string otlp;          // base URL of an OpenTelemetry collector; "" for none
  std::string flows;         // file for the log of flows; "-" is standard output, "" none
  std::string drain = "3s";  // time that open connections get to end; Docker kills after 10 s
  std::string length;        // how long to run; "" until a signal
  std::vector<std::string> expect;  // expectations as sentences (rules/rehearsal/expect_sentence.h)
  std::string log_level = "info";
  bool no_watch = false;
  std::string api;               // address of the API, or "off"; "" tries the default address
  std::string api_socket;        // path of a unix socket for the API; "" for none
  std::string token_file;        // file with the API's access token; "" for none
  std::string api_certificate;   // PEM file of the API's HTTPS certificate; "" for plain HTTP
  std::string api_key;           // PEM file of the certificate's key
  std::string state;             // file that keeps the API's changes over a restart; "" for none
  std::string max_fault_time;    // longest time that a rule may act; "" for no limit
  std::string toxiproxy_config;  // file with proxies for Toxiproxy's API; "" for none
  std::string output;            // "json": log lines as JSON on standard output
};
int run(const RunOptions& options);

struct CheckOptions {
  std::string path;
  bool for_exec = false;  // read the file as `brownout exec` does
  std::string output;     // "text" or "json"; "" means "text"
};
int check(const CheckOptions& options);

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
  std::string path;  // path of the new file; "" for standard output
  bool force = false;
  bool yes = false;  // take the default answers without asking
  std::string listen;
  std::vector<std::string> to;
  std::string protocol;
  std::string from;    // file to convert; "-" for standard input, "" for none
  std::string format;  // format of `from`; "" to detect it from the content
  std::string preset;
  bool from_exec = false;
  std::vector<std::string> command;  // with `from_exec`: the command to watch
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
  std::string length = "10m";  // time after which the redirection ends by itself
  std::string output;          // "json" or ""
};
int intercept(const InterceptOptions& options);

struct ExplainOptions {
  std::string path;
  bool for_exec = false;  // read the file as `brownout exec` does
  rules::Asked asked;
  std::string output;  // "json", or "" for text
};
int explain(const ExplainOptions& options);

struct VerifyOptions {
  bool quick = false;
  bool json = false;  // the same as output = "json"
  std::string output;
};
int verify(const VerifyOptions& options);

// Options of `brownout firewall import`, which prints a [[firewall]] table for a real firewall.
struct FirewallImportOptions {
  std::string path;    // output of `nft -j list ruleset` or iptables-save
  std::string chain;   // name or hook of the chain to import; "" for the input chain
  std::string name;    // name of the [[firewall]]; "" for the chain's name
  std::string output;  // "json" or ""
};
int firewall_import(const FirewallImportOptions& options);

// Options of `brownout firewall diff`, which exits with 1 if new rules would break a flow.
struct FirewallDiffOptions {
  std::string before;  // files of the present and of the new rules, each a rule file or a ruleset
  std::string after;
  std::string flows;  // log of flows, as `brownout run --flows` writes it
  std::string chain;  // name or hook of the chain to compare; "" for the input chain
  std::string output;
};
int firewall_diff(const FirewallDiffOptions& options);

// Creates the local certificate authority for tests in the folder.
int ca_init(const std::string& folder);
int ca_show(const std::string& folder, const std::string& output);

struct RehearseOptions {
  std::string path;
  std::string text;     // contents of the rule file; "" to read the file at `path`
  bool replay = false;  // `path` is a report.json: repeat the rehearsal of that report
  bool ci = false;
  bool force = false;
  // "well" or "badly": replace the servers by embedded ones, in a system that copes with faults
  // well or badly (rehearsal::Handling); "" keeps the servers of the file
  std::string embedded;
  bool virtual_time = false;      // run without waiting, on a virtual clock; needs `embedded`
  std::string report = "report";  // folder for the report; "" for none
  bool report_per_run = false;    // a new folder in `report` for each run
  std::string api;                // address of the API, or "off"; "" tries the default address
  std::string token_file;
  std::string output;  // "json": print report.json instead of sentences
};
// Returns 0 if all expectations are met, and 1 if one is not met. Returns 2 if the rehearsal could
// not begin. Returns 3 if the rehearsal was stopped, an expectation was not measured, or the report
// could not be written.
int rehearse(const RehearseOptions& options);

// Paths of the files to which a command also writes its result as HTML or Markdown; "" for none.
struct PageOptions {
  std::string html;
  std::string markdown;
};
// Options of `brownout report compare`, which exits with 1 if a value got worse.
struct CompareOptions {
  std::string before;  // folders of the two reports, or their report.json
  std::string after;
  std::string max_regression = "5%";  // share by which a value may get worse
  std::string output;
  PageOptions pages;
};
int report_compare(const CompareOptions& options);
// Prints how the values of expectations changed over several reports. `metric` selects expectations
// by name or metric; "" selects all.
int report_trend(const std::vector<std::string>& folders, const std::string& metric,
                 const PageOptions& pages, const std::string& output);

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

// A command to a running proxy.
struct CtlOptions {
  std::string command;  // the subcommand: "status", "add" and so on
  // URL of the API, or "unix:/path". If empty, BROWNOUT_URL or TOXIPROXY_URL is used, else
  // http://127.0.0.1:8474.
  std::string url;
  std::string token_file;
  std::string ca;                 // PEM file of the CA that signed the API's certificate
  bool json = false;              // the same as output = "json"
  std::string output;             // "json" or "text"; "" is text on a terminal, and JSON otherwise
  std::string name;               // name of a rule, or of a flow such as "chat#3"
  std::vector<std::string> keys;  // `add`: the fault's type, then KEY=VALUE for each key
  std::string listener;
  std::string client;
  std::string direction;
  std::string probability;
  std::string duration;
  std::string lease;
  // `why`: the API's parameters by name, and KEY=TEXT pairs for properties without a parameter.
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
