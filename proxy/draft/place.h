// Place: where clients connect, where the server is, and the protocol between them. The three
// answers that a new rule file needs from a person.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"

namespace brownout::draft {

// Addresses as in a rule file. Empty answers stand for the defaults.
struct Place {
  std::string listen;
  std::vector<std::string> servers;
  std::string protocol;

  static constexpr std::string_view kListen = "127.0.0.1:8001";
  static constexpr std::string_view kServer = "127.0.0.1:8000";
  static constexpr std::string_view kProtocol = "tcp";

  // Whether both addresses were given.
  bool is_known() const { return !listen.empty() && !servers.empty(); }
};

// Check one answer each; the error says what is expected.
rules::Result<void> check_listen(const std::string& text);
rules::Result<void> check_server(const std::string& text);
rules::Result<void> check_protocol(const std::string& text);

// The [[listener]] of the place. An error names the answer that is wrong.
rules::Result<Table> listener_of(const Place& place);

// The value of `upstream`: a text, or a list of several.
std::string upstream_text(const std::vector<std::string>& servers);

// A file with one rule that acts, and others that are off.
rules::Result<Draft> draft_of(const Place& place);

// A file for a named preset: "messaging-outage", or the name of a simulated network.
rules::Result<Draft> draft_of_preset(const Place& place, const std::string& preset);

// The paragraphs that each new file begins with.
std::vector<std::string> introduction(const std::string& origin);

}  // namespace brownout::draft
