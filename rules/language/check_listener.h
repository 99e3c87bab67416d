// Whether the keys of a [[listener]] fit each other, its protocol, and its upstream. Each mistake
// becomes a diagnostic.
#pragma once

#include <string>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

// All are borrowed; `node` is what `listener` was read from.
class ListenerCheck {
 public:
  ListenerCheck(const Node& node, const Listener& listener, const std::vector<Upstream>& upstreams,
                Diagnostics& problems)
      : node_(node), listener_(listener), upstreams_(upstreams), problems_(problems) {}

  void run() const;

 private:
  void check_intercept() const;
  void check_proxy() const;
  void check_tls() const;
  void check_starttls() const;

  const Node& node_;
  const Listener& listener_;
  const std::vector<Upstream>& upstreams_;
  Diagnostics& problems_;
};

// A certificate and its key, which come together.
void check_pair(Position where, const std::string& certificate, const std::string& key,
                Diagnostics& problems);

}  // namespace brownout::rules
