// Seen: the servers that recorded flows went to, by listener and port. Lines are those of
// `brownout run --flows` and `--events`; an event only says what a listener's clients speak.
//
// Bounded: servers beyond the limits are counted, not kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/draft/draft.h"
#include "rules/match/match.h"

namespace brownout::draft {

class Seen {
 public:
  static constexpr std::size_t kMostPlaces = 64;
  static constexpr std::size_t kMostServers = 16;  // of a place

  struct Server {
    std::string address;  // without a port
    std::string name;     // "" if no name is known
  };
  struct Place {
    std::string listener;  // as recorded; may be empty
    bool datagrams = false;
    std::uint16_t port = 0;
    std::vector<Server> servers;  // in order of their first flow
    std::uint64_t flows = 0;
  };

  // An error says why the line is neither a flow nor an event.
  rules::Result<void> add(std::string_view line);
  void add(const rules::FlowFacts& flow);

  bool empty() const { return places_.empty(); }
  const std::vector<Place>& places() const { return places_; }
  // The protocol of a place: known from events, guessed from the port, or only its transport.
  std::string protocol_of(const Place& place) const;
  // Flows whose server is not kept.
  std::uint64_t left_out() const { return left_out_; }

 private:
  Place* place_of(const rules::FlowFacts& flow);

  std::vector<Place> places_;
  std::map<std::string, std::string> spoken_;  // protocol by listener, from events
  std::uint64_t left_out_ = 0;
};

// Reads all lines. An error names the line.
rules::Result<Seen> read_seen(std::string_view text);

// Listeners in front of the servers, and rules that are off.
rules::Result<Draft> draft_of_flows(const Seen& seen);

// Listeners that intercept what the command did, and rules that are off, for `brownout exec`.
rules::Result<Draft> draft_of_command(const Seen& seen, const std::string& command);

}  // namespace brownout::draft
