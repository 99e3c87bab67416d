// Builds a Question for `explain`, which says which rules would act on the described traffic. The
// description consists of texts: options of the command line or parameters of the API. Pure
// functions; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/explain.h"

namespace brownout::rules {

// A connection, request, query or message in the words of a user. "" means unknown.
struct Asked {
  std::string listener;
  std::string client;         // an address, with or without a port
  std::string destination;    // an address, with or without a port
  std::uint64_t ordinal = 1;  // number of the connection at its listener
  std::string at = "0s";      // duration since the rules took effect
  std::string qname;
  std::string qtype;      // if empty, A
  std::string transport;  // if empty, udp
  std::string method;     // if empty, GET
  std::string url;
  std::vector<std::string> headers;  // "name: value"
  int status = 0;                    // status of the response; 0: no response yet
  // Headers of the response. Without a status it is 200.
  std::vector<std::string> response_headers;
  std::optional<std::int64_t> node;  // id of the broker
  std::string sni;
  std::string alpn;
  std::optional<std::uint64_t> seed;
  SynWays syn_ways = {};  // the mechanisms of the running proxy's machine for dropping SYNs

  // Properties of a message. The keys are names of options (MessageProtocol::ExplainOption).
  std::map<std::string, std::string> message;
  std::string text;  // text of the message
};

// A Question together with the HTTP request and ClientHello to which its FlowFacts point.
struct Posed {
  Question question;
  HttpExchange exchange;
  ClientHello hello;
};

// Returns the question. The text of an error begins with the name of the option: "client 10.0: not
// an address".
Result<std::unique_ptr<const Posed>> pose(const Config& config, const Asked& asked);

}  // namespace brownout::rules
