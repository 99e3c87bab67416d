// Place: where clients connect, where the server is, and the protocol between them. These are the
// three answers that `brownout init` needs from its user. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"

namespace brownout::draft {

// Addresses have the form of the rule file. An empty member stands for the default.
struct Place {
  std::string listen;
  std::vector<std::string> servers;
  std::string protocol;

  static constexpr std::string_view kListen = "127.0.0.1:8001";
  static constexpr std::string_view kServer = "127.0.0.1:8000";
  static constexpr std::string_view kProtocol = "tcp";

  // Whether the address of the listener and a server were given.
  bool is_known() const { return !listen.empty() && !servers.empty(); }
};

// Each of these functions checks one answer. The error says which form is expected.
rules::Result<void> check_listen(const std::string& text);
rules::Result<void> check_server(const std::string& text);
rules::Result<void> check_protocol(const std::string& text);

// Returns the [[listener]] table for the place. An error names the wrong answer.
rules::Result<Table> listener_of(const Place& place);

// Returns the value of the key `upstream` in TOML: a text for one server, a list for several.
std::string upstream_text(const std::vector<std::string>& servers);

// Returns a draft with the listener, one active rule, and further rules that are switched off.
rules::Result<Draft> draft_of(const Place& place);

// Returns a draft for a preset: "messaging-outage", or the name of a simulated network.
rules::Result<Draft> draft_of_preset(const Place& place, const std::string& preset);

// Returns the paragraphs of the comment at the top of a new file. `origin` names the source of its
// contents, such as a command or a file.
std::vector<std::string> introduction(const std::string& origin);

}  // namespace brownout::draft
