// CurlTransfers: runs the libcurl requests of one synthetic user, one at a time: whole by
// perform(), or step by step, for a response that does not end. Connections stay open between
// requests. Use only on the user's thread.
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

  // Begins a request. Call end() in any case.
  void begin(CURL* request);
  // Whether the request has not ended.
  bool under_way() const { return healthy_ && running_ > 0; }
  // Waits until libcurl can go on, at most until `until`, and lets it. An instant in the past means
  // that it does not wait.
  void go_on(proxy::Instant until);
  // Ends the request, also in the middle of its response. Returns its result; CURLE_FAILED_INIT if
  // it has none.
  CURLcode end(CURL* request);

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* to, void*);
  static int on_timer(CURLM*, long milliseconds, void* to);
  bool start();
  // Tells libcurl that the socket is ready. Returns false if libcurl itself fails.
  bool act(curl_socket_t socket, int events);

  CURLM* multi_ = nullptr;
  std::vector<pollfd> sockets_;
  proxy::Instant timer_ = proxy::kNever;
  int running_ = 0;
  bool healthy_ = false;
};

}  // namespace brownout::rehearsal
