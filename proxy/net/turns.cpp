#include "proxy/net/turns.h"

namespace brownout::proxy {

void Turns::tell(bool ok) {
  host_.served(facts_, {ok, Loop::now() - since_});
  since_ = kNever;
}

void Turns::over() {
  if (since_ == kNever && !broken_) return;
  host_.served(facts_, {false, std::nullopt});
  since_ = kNever;
  broken_ = false;
}

}  // namespace brownout::proxy
