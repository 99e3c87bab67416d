// CurlTransfers: runs the HTTP requests of one synthetic user with libcurl, one at a time.
// perform() waits for the whole response; begin(), go_on() and end() read a response that does not
// end, step by step. Connections stay open between requests. Use only on the user's thread.
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

  // Begins a request. Call end() afterwards, even after a failure.
  void begin(CURL* request);
  // Whether the request has not ended.
  bool under_way() const { return healthy_ && running_ > 0; }
  // Waits until libcurl can make progress, at most until `until`, and then lets it run. With an
  // instant in the past, does not wait.
  void go_on(proxy::Instant until);
  // Ends the request, if necessary in the middle of its response. Returns its result;
  // CURLE_FAILED_INIT if it has none.
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
