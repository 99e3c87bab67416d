#include "proxy/rehearsal/curl_transfers.h"

#include <algorithm>
#include <chrono>

#include "proxy/rehearsal/blocking.h"

namespace brownout::rehearsal {

using proxy::curl;
using proxy::Instant;
using proxy::kNever;

CurlTransfers::~CurlTransfers() {
  if (multi_ != nullptr) curl().multi_cleanup(multi_);
}

int CurlTransfers::on_socket(CURL*, curl_socket_t socket, int what, void* to, void*) {
  auto& sockets = static_cast<CurlTransfers*>(to)->sockets_;
  std::erase_if(sockets, [&](const pollfd& known) { return known.fd == socket; });
  if (what == CURL_POLL_REMOVE) return 0;
  // CURL_POLL_INOUT contains the bits of CURL_POLL_IN and CURL_POLL_OUT.
  const int events =
      ((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0);
  sockets.push_back({socket, static_cast<short>(events), 0});
  return 0;
}

int CurlTransfers::on_timer(CURLM*, long milliseconds, void* to) {
  static_cast<CurlTransfers*>(to)->timer_ =
      milliseconds < 0
          ? kNever
          : rules::later(proxy::monotonic_now(), std::chrono::milliseconds(milliseconds));
  return 0;
}

bool CurlTransfers::start() {
  if (multi_ != nullptr) return true;
  multi_ = curl().multi_init();
  if (multi_ == nullptr) return false;
  curl().multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlTransfers::on_socket);
  curl().multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlTransfers::on_timer);
  curl().multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  return true;
}

CURLcode CurlTransfers::perform(CURL* request, Instant deadline) {
  begin(request);
  while (under_way()) {
    if (proxy::monotonic_now() >= deadline || given_up()) {
      end(request);
      return CURLE_OPERATION_TIMEDOUT;
    }
    go_on(deadline);
  }
  return end(request);
}

void CurlTransfers::begin(CURL* request) {
  healthy_ = start() && curl().multi_add_handle(multi_, request) == CURLM_OK &&
             act(CURL_SOCKET_TIMEOUT, 0);
}

void CurlTransfers::go_on(Instant until) {
  auto ready = sockets_;
  if (!wait_unless_given_up(ready, std::min(until, timer_)) && timer_ <= proxy::monotonic_now()) {
    timer_ = kNever;
    healthy_ = act(CURL_SOCKET_TIMEOUT, 0);
  }
  for (const auto& socket : ready) {
    const int events = ((socket.revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                       ((socket.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((socket.revents & (POLLERR | POLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    if (socket.revents != 0) healthy_ = healthy_ && act(socket.fd, events);
  }
}

CURLcode CurlTransfers::end(CURL* request) {
  if (multi_ == nullptr) return CURLE_FAILED_INIT;
  int left = 0;
  const auto* message = curl().multi_info_read(multi_, &left);
  const auto result = message != nullptr ? message->data.result : CURLE_FAILED_INIT;
  curl().multi_remove_handle(multi_, request);
  running_ = 0;
  return result;
}

bool CurlTransfers::act(curl_socket_t socket, int events) {
  return curl().multi_socket_action(multi_, socket, events, &running_) == CURLM_OK;
}

}  // namespace brownout::rehearsal
