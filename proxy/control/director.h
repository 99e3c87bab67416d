// Director conducts the engine in place of the API, as a rehearsal does: it decides which rules act
// and when. Then the API only reads, and halts. Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace brownout::proxy {

class Director {
 public:
  virtual ~Director() = default;
  // Ends all faults, for good.
  virtual void halt() = 0;
  // The phases and the users' success so far, for GET /status.
  virtual nlohmann::ordered_json course() const = 0;
};

}  // namespace brownout::proxy
