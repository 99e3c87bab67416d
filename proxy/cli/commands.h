// The commands of brownout: the options of each, and the function that runs it and returns the exit
// code.
//
// exit_codes.h has the exit codes. parser.cpp fills the options; only the files that declare them
// or walk them include CLI11, which is slow to compile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/cli/exit_codes.h"
#include "proxy/cli/quick_file.h"

namespace brownout::cli {

struct RunOptions {
  std::string path;  // empty: `quick` stands for it
  QuickFile quick;
  unsigned workers = 1;
  std::string events;        // a file, "-" or ""
  std::string flows;         // a file, "-" or ""
  std::string drain = "3s";  // container runtimes kill after 10 s
  std::string log_level = "info";
  bool no_watch = false;
  std::string api;         // an address, "off", or "": the default one if it is free
  std::string api_socket;  // path of a unix socket, or ""
  std::string token_file;  // "": no token
  std::string api_certificate;
  std::string api_key;
  std::string state;           // the state file, or ""
  std::string max_fault_time;  // "": no limit
  std::string toxiproxy_config;
};
int run(const RunOptions& options);

struct CheckOptions {
  std::string path;
  bool for_exec = false;  // as `brownout exec` reads it
  std::string output;     // "text", "json" or "": text
};
int check(const CheckOptions& options);

struct ExecOptions {
  std::string path;
  std::vector<std::string> command;
  unsigned workers = 1;
  std::string events;  // a file, "-" or ""
  std::string log_level = "warn";
  bool no_watch = false;
  bool summary = false;
};
// Returns the command's exit status as a shell reports it, 2 for bad input, or 3 if network
// namespaces are not allowed.
int exec(ExecOptions options);

struct InterceptOptions {
  std::string action;             // "print", "apply" or "remove"
  std::string path;               // unused for remove
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
  std::string qtype;      // "": A
  std::string transport;  // "": udp
  std::string method;     // "": GET
  std::string url;
  std::vector<std::string> headers;  // "name: value"
  int status = 0;                    // of the response; 0: no response yet
  std::string sni;
  std::string alpn;
  std::optional<std::uint64_t> seed;

  // Properties of a message, by the name of the option (MessageProtocol::ExplainOption).
  std::map<std::string, std::string> message;
  std::string text;  // text of the message
  std::string output;
};
int explain(const ExplainOptions& options);

struct VerifyOptions {
  bool quick = false;
  bool json = false;  // the same as output = "json"
  std::string output;
};
int verify(const VerifyOptions& options);

struct FirewallImportOptions {
  std::string path;
  std::string chain;
  std::string name;
};
int firewall_import(const FirewallImportOptions& options);

// Exit code 1 if a flow would break.
struct FirewallDiffOptions {
  std::string before;
  std::string after;
  std::string flows;
  std::string chain;
  std::string output;
};
int firewall_diff(const FirewallDiffOptions& options);

// Creates or shows the local CA in the folder.
int ca_init(const std::string& folder);
int ca_show(const std::string& folder, const std::string& output);

struct RehearseOptions {
  std::string path;
  std::string text;     // contents of the file; empty: read `path`
  bool replay = false;  // `path` is a report
  bool ci = false;
  bool force = false;
  std::string embedded;           // "well", "badly", or "" for the file's own servers
  bool virtual_time = false;      // needs `embedded`: skip all waiting
  std::string report = "report";  // a folder, or ""
  std::string output;             // "json": print report.json instead of sentences
};
// Returns 0 if all expectations are met and 1 if one is not met. Returns 2 if the rehearsal could
// not begin (bad input or a missing prerequisite). Returns 3 if there is no verdict: stopped, not
// measured, or the report could not be written.
int rehearse(const RehearseOptions& options);
struct CompareOptions {
  std::string before;
  std::string after;
  std::string max_regression = "5%";
  std::string output;
};
int report_compare(const CompareOptions& options);

struct ToxiproxyOptions {
  std::string host = "localhost";
  std::uint16_t port = 8474;
  std::string config;  // a file, or ""
  std::optional<std::uint64_t> seed;
  bool proxy_metrics = false;
  bool runtime_metrics = false;
  unsigned workers = 1;
};
// Serves Toxiproxy's API until SIGINT or SIGTERM.
int toxiproxy(const ToxiproxyOptions& options);

// A command to a running proxy.
struct CtlOptions {
  std::string command;  // "status", "add" etc.
  // a URL or "unix:/path"; "": from BROWNOUT_URL or TOXIPROXY_URL, else http://127.0.0.1:8474
  std::string url;
  std::string token_file;
  std::string ca;                 // PEM file of the CA that signed the API's certificate
  bool json = false;              // the same as output = "json"
  std::string output;             // "": json unless standard output is a terminal
  std::string name;               // of a rule, or of a flow: "chat#3"
  std::vector<std::string> keys;  // the fault's type, then key=value
  std::string listener;
  std::string client;
  std::string direction;
  std::string probability;
  std::string duration;
  std::string lease;
};
int ctl(const CtlOptions& options);

int demo();

// Prints the reference page of the rule file (Markdown).
int reference();
// Prints the JSON Schema of the rule file.
int schema();

}  // namespace brownout::cli
