// Reads commands of tc(8) that set up netem (tc-netem(8)), and the output of `tc qdisc show`:
//
//   tc qdisc add dev eth0 root netem delay 100ms 10ms 25% distribution normal loss 0.3%
//   qdisc netem 8001: dev eth0 root refcnt 2 limit 1000 delay 100ms  10ms 25%
//
// Blank lines and comments are skipped; a backslash at its end continues a line. Percentages,
// times and rates have tc's forms ("0.3%", "100ms", "1mbit").
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
  std::string distribution = {};  // "" or a name that the fault `latency` has, too
};

// Gilbert-Elliott model.
struct NetemModel {
  rules::Ratio p{};
  rules::Ratio r{};
  rules::Ratio one_minus_h{rules::Ratio::kOne};
  rules::Ratio one_minus_k{};
};

struct Netem {
  std::size_t line = 0;     // from 1
  std::string device = {};  // "eth0"; "" if it is not named
  std::optional<NetemDelay> delay = {};
  std::optional<NetemShare> loss = {};
  std::optional<NetemModel> loss_model = {};
  std::optional<NetemShare> duplicate = {};
  std::optional<NetemShare> corrupt = {};
  std::optional<NetemShare> reorder = {};
  std::int64_t gap = 0;  // of reorder; 0: none
  std::optional<rules::Rate> rate = {};
  std::vector<std::string> left_out = {};  // words that have no counterpart in a proxy
};

struct NetemText {
  std::vector<Netem> commands;
  std::vector<std::string> left_out;  // other commands of tc
};

// An error names the line, and says what is expected there.
rules::Result<NetemText> read_netem(std::string_view text);

}  // namespace brownout::codecs
