// Director is the interface to a component that decides, in place of API clients, which rules act
// and when. A rehearsal implements it. With a Director, API clients can only read the state and
// halt all faults. Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace brownout::proxy {

class Director {
 public:
  virtual ~Director() = default;
  // Ends all faults, for good.
  virtual void halt() = 0;
  // Returns the phases and the success of the users so far, for GET /status.
  virtual nlohmann::ordered_json course() const = 0;
};

}  // namespace brownout::proxy
