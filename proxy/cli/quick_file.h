// QuickFile holds the options --listen, --to, --protocol and --fault of `brownout run`, which
// replace a rule file. text_of() writes that file. No I/O.
#pragma once

#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::cli {

struct QuickFile {
  std::string listen;               // address of the listener: "5433", ":5433" or "127.0.0.1:5433"
  std::vector<std::string> to;      // addresses of servers; a port alone means this machine
  std::string protocol;             // the listener's protocol; empty for TCP
  std::vector<std::string> faults;  // faults such as "latency delay=300ms jitter=50ms"

  bool is_given() const {
    return !listen.empty() || !to.empty() || !protocol.empty() || !faults.empty();
  }
};

// A port alone, or with a colon before it, is one of this machine.
std::string address_of(const std::string& text);

// The text of the file, which may still have mistakes in its values; an error where the options do
// not make a file at all.
rules::Result<std::string> text_of(const QuickFile& file);

}  // namespace brownout::cli
