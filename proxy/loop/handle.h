// UvPtr: a smart pointer that owns a libuv handle and closes it. A handle is not movable and may be
// freed only in or after its close callback (libuv docs, "uv_handle_t"). It therefore lives on the
// heap, and its deleter closes it. No other file uses new and delete. Use only on the event loop's
// thread.
#pragma once

#include <uv.h>

#include <memory>

namespace brownout::proxy {

template <class H>
struct UvClose {
  void operator()(H* handle) const noexcept {
    handle->data = nullptr;  // a late callback (UV_ECANCELED) then finds no owner
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<H*>(closed); });
  }
};

template <class H>
using UvPtr = std::unique_ptr<H, UvClose<H>>;

// Makes a handle. `init` is a uv_*_init function; its remaining arguments follow. Returns null if
// it fails: a handle that was never initialised must be freed, not closed.
template <class H, class... Args>
UvPtr<H> make_uv(uv_loop_t* loop, int (*init)(uv_loop_t*, H*, Args...), void* owner,
                 std::type_identity_t<Args>... args) {
  auto handle = std::make_unique<H>();
  if (init(loop, handle.get(), args...) != 0) return nullptr;
  handle->data = owner;
  return UvPtr<H>(handle.release());
}

}  // namespace brownout::proxy
