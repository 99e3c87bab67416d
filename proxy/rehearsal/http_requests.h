// HttpRequests: sends the HTTP requests of one synthetic user with libcurl, one at a time, on a
// keep-alive connection. get() waits for the whole response; begin() and go_on() read a response as
// it arrives. Calls block; use only on the user's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/loop/curl.h"
#include "proxy/rehearsal/curl_transfers.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

struct HttpReply {
  long status = 0;
  std::string body;     // at most the first MiB of the response body
  std::string headers;  // lines of headers and trailers, at most 64 KiB
};

// The parts of a request that the keys of its [[probe]] do not determine.
struct HttpAsked {
  std::string body = {};                  // sent if it is not empty
  std::vector<std::string> headers = {};  // lines
  rules::HttpVersion version = rules::HttpVersion::kAuto;
  std::string method = {};  // "" for the probe's
  // if false, the body is not cut at 1 MiB, for a caller that removes the received parts
  bool whole = true;
};

class HttpRequests {
 public:
  explicit HttpRequests(const ClientSettings& settings) : settings_(settings) {}

  ~HttpRequests() { drop(); }

  void drop();  // closes the connection; the next request opens a new one
  // Sends a request with the probe's method and returns the response. Sets `connects` to the number
  // of new connections that the request needed.
  Outcome<HttpReply> get(const Target& target, const std::string& url, Instant deadline,
                         std::uint32_t& connects, const HttpAsked& asked = {});

  // Begins a request. Returns the reason of a failure; "" after success.
  std::string begin(const Target& target, const std::string& url, Instant deadline,
                    const HttpAsked& asked);
  // Waits until more of the response has arrived, at most until `until`; does not wait if that is
  // in the past. Returns false once the response has ended or was cut off.
  bool go_on(Instant until);
  // The response so far. `status` is 0 until its head is complete.
  HttpReply& reply() { return reply_; }
  // Returns the media type of the response, in lower case and without parameters.
  std::string media_type() const;
  // Why the response was cut off, or has a wrong HTTP version; "" if neither happened.
  std::string why_broken();

 private:
  std::string prepare(const Target& target, const std::string& url, Instant deadline,
                      const HttpAsked& asked);
  curl_slist* connect_to(const Target& target, Instant deadline);
  std::string wrong_version() const;

  const ClientSettings settings_;
  std::optional<CurlTransfers> transfers_{std::in_place};
  proxy::CurlHandle handle_;
  proxy::CurlList headers_;
  proxy::CurlList elsewhere_;
  rules::HttpVersion version_ = rules::HttpVersion::kAuto;  // of the current request
  HttpReply reply_;
  bool begun_ = false;  // whether a request of begin() is in progress
  std::string why_;
};

// Returns the URL of a target. It has a path only if the rule file has a URL with a path.
std::string base_url(const Target& target);

}  // namespace brownout::rehearsal
