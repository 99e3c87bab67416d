// Reads commands of tc(8) that set up netem (tc-netem(8)), and the output of `tc qdisc show`:
//
//   tc qdisc add dev eth0 root netem delay 100ms 10ms 25% distribution normal loss 0.3%
//   qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms 25%
//
// Skips blank lines and comments. A backslash at the end of a line continues the line. Percentages,
// times and rates have tc's forms ("0.3%", "100ms", "1mbit"). No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/units.h"

namespace brownout::codecs {

struct NetemShare {
  rules::Ratio share{};
  rules::Ratio correlation{};
};

struct NetemDelay {
  rules::Duration delay{};
  rules::Duration jitter{};
  rules::Ratio correlation{};
  // One of the distributions of the fault `latency`; "" if not given.
  std::string distribution = {};
};

// Probabilities of the Gilbert-Elliott model of packet loss, named as in tc-netem(8).
struct NetemModel {
  rules::Ratio p{};
  rules::Ratio r{};
  rules::Ratio one_minus_h{rules::Ratio::kOne};
  rules::Ratio one_minus_k{};
};

// Probabilities of the four-state model of packet loss, named as in tc-netem(8).
struct NetemStates {
  rules::Ratio p13{};
  rules::Ratio p31{};
  rules::Ratio p32{};
  rules::Ratio p23{rules::Ratio::kOne};
  rules::Ratio p14{};
};

// The option `rate RATE PACKETOVERHEAD CELLSIZE CELLOVERHEAD`; sizes are in bytes.
struct NetemRate {
  rules::Rate rate{};
  std::int64_t overhead = 0;
  std::int64_t cell = 0;
  std::int64_t cell_overhead = 0;
};

struct NetemSlot {
  rules::Duration min{};
  rules::Duration max{};
  std::int64_t packets = 0;  // 0 without a limit
  std::int64_t bytes = 0;    // 0 without a limit
};

struct Netem {
  std::size_t line = 0;     // number of the command's line in the text, from 1
  std::string device = {};  // network interface, such as "eth0"; "" if the command names none
  std::optional<NetemDelay> delay = {};
  std::optional<NetemShare> loss = {};
  std::optional<NetemModel> loss_model = {};
  std::optional<NetemStates> loss_states = {};
  std::optional<NetemShare> duplicate = {};
  std::optional<NetemShare> corrupt = {};
  std::optional<NetemShare> reorder = {};
  std::int64_t gap = 0;  // gap of `reorder` in packets; 0 without a gap
  std::optional<NetemRate> rate = {};
  std::optional<NetemSlot> slot = {};
  std::vector<std::string> left_out = {};  // options that have no counterpart in a proxy
};

struct NetemText {
  std::vector<Netem> commands;
  std::vector<std::string> left_out;  // commands of tc that do not set up netem
};

// Reads all commands. An error names the line, and says what is expected there.
rules::Result<NetemText> read_netem(std::string_view text);

}  // namespace brownout::codecs
