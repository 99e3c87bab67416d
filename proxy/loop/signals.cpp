#include "proxy/loop/signals.h"

namespace brownout::proxy {

void Signals::on(int number, std::function<void(int)> handler) {
  auto watch = std::make_unique<Watch>();
  watch->handler = std::move(handler);
  watch->handle = make_uv<uv_signal_t>(loop_.uv(), uv_signal_init, watch.get());
  const auto received = [](uv_signal_t* handle, int signal) {
    if (handle->data != nullptr) static_cast<Watch*>(handle->data)->handler(signal);
  };
  if (!watch->handle) return;  // with no free file descriptor, the signal keeps its default action
  uv_signal_start(watch->handle.get(), received, number);
  watches_.push_back(std::move(watch));
}

}  // namespace brownout::proxy
