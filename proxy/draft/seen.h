// Seen collects the destination servers of recorded flows, by listener and port, so that `brownout
// init` can make a rule file for them. Its input are the log lines of `brownout run --flows` and
// `--events`. A line of `--events` only shows which protocol a listener's clients use.
//
// Memory is bounded: flows to servers beyond the limits are only counted. No I/O; one thread.
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
  static constexpr std::size_t kMostServers = 16;  // limit for each Place

  struct Server {
    std::string address;  // without a port
    std::string name;     // "" if no name is known
  };
  struct Place {
    std::string listener;  // name of the listener in the record; may be empty
    bool datagrams = false;
    std::uint16_t port = 0;
    std::vector<Server> servers;  // in the order of the first flow to each server
    std::uint64_t flows = 0;
  };

  // Adds the flow or event of a log line. An error says why the line is neither.
  rules::Result<void> add(std::string_view line);
  void add(const rules::FlowFacts& flow);

  bool empty() const { return places_.empty(); }
  const std::vector<Place>& places() const { return places_; }
  // Returns the protocol of a place: from its events, else from its well-known port, else "tcp" or
  // "udp".
  std::string protocol_of(const Place& place) const;
  // Number of flows whose server was not kept.
  std::uint64_t left_out() const { return left_out_; }

 private:
  Place* place_of(const rules::FlowFacts& flow);

  std::vector<Place> places_;
  std::map<std::string, std::string> spoken_;  // protocol by listener, from events
  std::uint64_t left_out_ = 0;
};

// Adds all lines of `text`. An error names the line.
rules::Result<Seen> read_seen(std::string_view text);

// Returns a draft with a listener in front of each server, and rules that are switched off.
rules::Result<Draft> draft_of_flows(const Seen& seen);

// Returns a draft of a rule file for `brownout exec`. It has a listener for each port to which the
// command connected, and rules that are switched off. Only the program of the command is named,
// since arguments may contain secrets.
rules::Result<Draft> draft_of_command(const Seen& seen, const std::string& program);

}  // namespace brownout::draft
