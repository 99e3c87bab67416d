// RefusedCertificates remembers which clients refused a certificate that was minted for a host, so
// that their next connections to it can pass undecrypted (tls_failure = "pass").
//
// Bounded: beyond kMost entries the oldest is forgotten. Shared by all workers; safe on any thread.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "rules/base/address.h"

namespace brownout::proxy {

class RefusedCertificates {
 public:
  static constexpr std::size_t kMost = 4096;

  void add(const std::optional<rules::IpAddress>& client, const std::string& host) {
    const std::lock_guard lock(mutex_);
    auto [entry, added] = refused_.insert(key_of(client, host));
    if (!added) return;
    order_.push_back(*entry);
    if (order_.size() <= kMost) return;
    refused_.erase(order_.front());
    order_.pop_front();
  }
  bool has(const std::optional<rules::IpAddress>& client, const std::string& host) const {
    const std::lock_guard lock(mutex_);
    return refused_.contains(key_of(client, host));
  }

 private:
  // Clients on unix sockets count as one.
  static std::string key_of(const std::optional<rules::IpAddress>& client,
                            const std::string& host) {
    return (client ? to_text(*client) : "") + " " + host;
  }

  mutable std::mutex mutex_;
  std::unordered_set<std::string> refused_;
  std::deque<std::string> order_;
};

}  // namespace brownout::proxy
