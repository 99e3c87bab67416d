// Poster: lets other threads run tasks of an object on the event loop of that object. A task is
// dropped if the object no longer exists. Owned by that object, on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "proxy/loop/loop.h"

namespace brownout::proxy {

class Poster {
 public:
  explicit Poster(Loop& loop) : loop_(loop) {}

  // Returns a function for any thread, which runs `task` on the loop while this Poster exists.
  std::function<void()> bind_to_loop(std::function<void()> task) const {
    return [loop = &loop_, alive = std::weak_ptr(alive_), task = std::move(task)] {
      loop->post([alive, task] {
        if (!alive.expired()) task();
      });
    };
  }

 private:
  Loop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace brownout::proxy
