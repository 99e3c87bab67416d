// SharedNames maps ids to names, such as Kafka's topic ids to topic names, which protocol parsers
// learn from the messages that they read.
//
// Copies share one map, so that all connections learn from each other. Any thread; a lock is held
// only for a lookup or an insertion.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rules/base/shared_model.h"

namespace brownout::rules {

class SharedNames {
 public:
  // Maximum number of names. When it is reached, all are forgotten and learned again.
  static constexpr std::size_t kMost = 100'000;

  // Returns an empty map. A default-constructed object has no map: it stores and finds nothing.
  static SharedNames make() {
    SharedNames names;
    names.shared_ = std::make_shared<SharedModel<Map>>();
    return names;
  }

  void learn(std::string_view id, std::string_view name) {
    if (!shared_) return;
    shared_->use([&](std::optional<Map>& map) {
      if (!map || map->size() >= kMost) map.emplace();
      map->insert_or_assign(std::string(id), std::string(name));
      return true;
    });
  }
  // Returns the name, or "" if the id is unknown.
  std::string find(std::string_view id) const {
    if (!shared_) return {};
    return shared_->use([&](const std::optional<Map>& map) {
      const auto found = map ? map->find(std::string(id)) : Map::const_iterator();
      return map && found != map->end() ? found->second : std::string();
    });
  }
  // Always equal, since learned names are not part of a listener's settings, which this operator
  // compares.
  friend bool operator==(const SharedNames&, const SharedNames&) { return true; }

 private:
  using Map = std::unordered_map<std::string, std::string>;
  std::shared_ptr<SharedModel<Map>> shared_;
};

}  // namespace brownout::rules
