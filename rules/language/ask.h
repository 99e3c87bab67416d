// Makes the question of `explain` from texts: options of the command line, parameters of the API.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/explain.h"

namespace brownout::rules {

// A connection, request, query or message in the words of a user; "" is unknown.
struct Asked {
  std::string listener;
  std::string client;       // an address, with or without a port
  std::string destination;  // the same
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
};

// The question owns what its facts point to.
struct Posed {
  Question question;
  HttpExchange exchange;
  ClientHello hello;
};

// An error begins with the name of the option: "client 10.0: not an address".
Result<std::unique_ptr<const Posed>> pose(const Config& config, const Asked& asked);

}  // namespace brownout::rules
