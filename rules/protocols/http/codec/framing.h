// HttpFraming: the properties of an HTTP message, from its head, that determine where its body ends
// and whether the connection stays open.
//
// Each version of HTTP fills it: HTTP/1 from Content-Length, Transfer-Encoding and Connection
// (RFC 9112, 6 and 9), HTTP/2 from END_STREAM and Content-Length (RFC 9113, 8.1). A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace brownout::codecs {

struct HttpFraming {
  std::string method;  // method, set for requests only
  int status = 0;      // status code, set for responses only
  int major = 1;       // version of the connection on which the message was received
  int minor = 1;       // minor version, the x of HTTP/1.x
  bool keep_alive = true;
  bool chunked = false;  // the body has no announced length, and its end is marked
  bool has_body = false;
  bool expects_continue = false;  // whether the client waits for "100 Continue" (RFC 9110, 10.1.1)
  std::optional<std::uint64_t> content_length;
};

}  // namespace brownout::codecs
