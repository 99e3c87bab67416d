// ListenerCheck checks that the keys of a [[listener]] fit each other, its protocol, and its
// upstream. Each error is added to the diagnostics. Used while a file is read; one thread.
#pragma once

#include <string>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

// All arguments are borrowed; `node` is the table from which `listener` was read.
class ListenerCheck {
 public:
  ListenerCheck(const Node& node, const Listener& listener, const std::vector<Upstream>& upstreams,
                Diagnostics& problems)
      : node_(node), listener_(listener), upstreams_(upstreams), problems_(problems) {}

  void run() const;

 private:
  void check_brokers() const;
  void check_broker_names() const;
  void check_loop() const;
  void check_http_version() const;
  void check_intercept() const;
  void check_proxy() const;
  void check_tls() const;
  void check_decryption() const;
  void check_starttls() const;

  const Node& node_;
  const Listener& listener_;
  const std::vector<Upstream>& upstreams_;
  Diagnostics& problems_;
};

// Reports a certificate without its key, or a key without its certificate.
void check_pair(Position where, const std::string& certificate, const std::string& key,
                Diagnostics& problems);

}  // namespace brownout::rules
