// QuickFile holds the options --listen, --to, --protocol and --fault of `brownout run`, which may
// be given instead of a rule file. text_of() returns the text of an equivalent rule file. No I/O.
#pragma once

#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::cli {

struct QuickFile {
  std::string listen;               // address of the listener: "5433", ":5433" or "127.0.0.1:5433"
  std::vector<std::string> to;      // addresses of servers; a port alone means this machine
  std::string protocol;             // the listener's protocol; empty for TCP
  std::vector<std::string> faults;  // "latency delay=300ms jitter=50ms", or "preset 3g"

  bool is_given() const {
    return !listen.empty() || !to.empty() || !protocol.empty() || !faults.empty();
  }
};

// Adds the address of this machine to a port without a host ("5433" or ":5433"). Returns other
// addresses unchanged.
std::string address_of(const std::string& text);

// Returns the text of the rule file. Its values are not checked yet. Returns an error if the
// options do not suffice to write a file.
rules::Result<std::string> text_of(const QuickFile& file);

}  // namespace brownout::cli
