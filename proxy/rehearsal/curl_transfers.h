// CurlTransfers: runs the libcurl requests of one synthetic user, one at a time. Connections stay
// open between requests. Use only on the user's thread.
//
// Waits by the functions of proxy/loop/clock.h instead of libcurl's own, so that the waits also end
// at the right time in virtual time.
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

  // Performs a request like curl_easy_perform(3). Returns CURLE_OPERATION_TIMEDOUT at the deadline,
  // because libcurl's own time-outs are in real time.
  CURLcode perform(CURL* request, proxy::Instant deadline);

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* to, void*);
  static int on_timer(CURLM*, long milliseconds, void* to);
  bool start();
  CURLcode run(proxy::Instant deadline);
  // Tells libcurl that the socket is ready. Returns false if libcurl itself fails.
  bool act(curl_socket_t socket, int events);

  CURLM* multi_ = nullptr;
  std::vector<pollfd> sockets_;
  proxy::Instant timer_ = proxy::kNever;
  int running_ = 0;
};

}  // namespace brownout::rehearsal
