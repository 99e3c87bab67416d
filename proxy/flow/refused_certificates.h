// RefusedCertificates remembers which clients rejected the proxy's certificate for a host when TLS
// was intercepted, and which accepted it. With tls_failure = "pass", later connections of a client
// that rejected it are forwarded without decryption.
//
// Bounded: beyond kMost entries of a kind the oldest is forgotten. Shared by all workers; safe on
// any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rules/match/match.h"

namespace brownout::proxy {

class RefusedCertificates {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr const char* kEvent = "certificate refused";
  // A connection whose early end may mean that the client rejects the certificate.
  struct Doubt {
    rules::FlowFacts flow;  // a copy without pointers to the connection
    std::string why;        // the text of the event
  };

  void add(const std::optional<rules::IpAddress>& client, const std::string& host) {
    const std::lock_guard lock(mutex_);
    refused_.add(key_of(client, host));
  }
  bool has(const std::optional<rules::IpAddress>& client, const std::string& host) const {
    const std::lock_guard lock(mutex_);
    return refused_.keys.contains(key_of(client, host));
  }
  // Call when the client has sent a request to the host after the handshake: it accepts the
  // certificate.
  void accept(const std::optional<rules::IpAddress>& client, const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto key = key_of(client, host);
    accepted_.add(key);
    doubts_.erase(key);
  }
  // Call when the client closed a connection to the host after the handshake without a request.
  // Returns whether the client thereby rejects the certificate. Browsers open spare connections and
  // close them unused. So the first such connection is only a doubt, and it means nothing if the
  // client has accepted the certificate before.
  bool unused(const std::string& host, Doubt doubt) {
    const std::lock_guard lock(mutex_);
    auto key = key_of(doubt.flow.client, host);
    if (accepted_.keys.contains(key)) return false;
    if (!unused_.add(key)) {
      doubts_.erase(key);
      return true;
    }
    if (doubts_.size() < kMost) doubts_.emplace(std::move(key), std::move(doubt));
    return false;
  }
  // Returns the doubts that no later connection of the client has resolved, and removes them.
  std::vector<Doubt> take_doubts() {
    const std::lock_guard lock(mutex_);
    std::vector<Doubt> all;
    for (auto& [key, doubt] : std::exchange(doubts_, {})) all.push_back(std::move(doubt));
    return all;
  }

 private:
  struct Keys {
    // Returns false if the key is there already.
    bool add(std::string key) {
      auto [entry, added] = keys.insert(std::move(key));
      if (!added) return false;
      order.push_back(*entry);
      if (order.size() <= kMost) return true;
      keys.erase(order.front());
      order.pop_front();
      return true;
    }
    std::unordered_set<std::string> keys;
    std::deque<std::string> order;
  };

  // Clients on unix sockets count as one.
  static std::string key_of(const std::optional<rules::IpAddress>& client,
                            const std::string& host) {
    return (client ? to_text(*client) : "") + " " + host;
  }

  mutable std::mutex mutex_;
  Keys refused_;
  Keys accepted_;
  Keys unused_;
  std::map<std::string, Doubt> doubts_;
};

}  // namespace brownout::proxy
