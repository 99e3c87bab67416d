// CurlTransfers: libcurl's requests of one user, one at a time, whose waiting is ours
// (proxy/loop/clock.h), as it has to be in virtual time. Its connections stay open between
// requests. User's thread only.
#pragma once

#include <vector>

#include "proxy/loop/clock.h"
#include "proxy/loop/curl.h"

namespace brownout::rehearsal {

class CurlTransfers {
 public:
  CurlTransfers() = default;
  CurlTransfers(const CurlTransfers&) = delete;
  CurlTransfers& operator=(const CurlTransfers&) = delete;
  ~CurlTransfers();

  // As curl_easy_perform(3). CURLE_OPERATION_TIMEDOUT where the deadline comes first: libcurl's own
  // timeouts are in real time.
  CURLcode perform(CURL* request, proxy::Instant deadline);

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* to, void*);
  static int on_timer(CURLM*, long milliseconds, void* to);
  bool start();
  CURLcode run(proxy::Instant deadline);
  // False where libcurl reports a fault of its own.
  bool act(curl_socket_t socket, int events);

  CURLM* multi_ = nullptr;
  std::vector<pollfd> sockets_;
  proxy::Instant timer_ = proxy::kNever;
  int running_ = 0;
};

}  // namespace brownout::rehearsal
