// Poster: what an object on a loop has other threads ask it to do. A task whose object is gone by
// then is forgotten. Owned by that object, on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "proxy/loop/loop.h"

namespace brownout::proxy {

class Poster {
 public:
  explicit Poster(Loop& loop) : loop_(loop) {}

  // A function for any thread, at any time: `task` runs on the loop, if this is still there.
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
