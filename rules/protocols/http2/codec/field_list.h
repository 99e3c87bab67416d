// FieldList converts the head or the trailers of an HTTP message to the list of HTTP/2 header
// fields that nghttp2 sends (RFC 9113, 8.2 and 8.3).
//
// Names become lower case. Headers that concern one HTTP/1 connection only are left out: those of
// RFC 9113, 8.2.2, and those that a Connection header names. TE stays if it has "trailers". Host
// becomes :authority. Also left out are fields with a malformed name or value, and trailers that
// affect framing or routing. Headers that HTTP/2 has received (HttpHeader::checked) need none of
// these checks. The list refers to the head, which must outlive it. No I/O; one thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <initializer_list>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/http1/http.h"

namespace brownout::http2 {

class FieldList {
 public:
  // `scheme` is used if the target is not a URL. `protocol` is not empty for an extended CONNECT
  // (RFC 8441).
  static FieldList of_request(const rules::HttpHead& head, std::string_view scheme,
                              std::string_view protocol);
  // With `lasts`, the headers exist until nghttp2 has sent or dropped the frame, so that nghttp2
  // need not copy them.
  static FieldList of_response(int status, const std::vector<rules::HttpHeader>& headers,
                               bool lasts = false);
  static FieldList of_trailers(const std::vector<rules::HttpHeader>& trailers);

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  // `flags` are NGHTTP2_NV_FLAG_*: which of the two texts nghttp2 need not copy.
  void add(std::string_view name, std::string_view value, unsigned flags = NGHTTP2_NV_FLAG_NONE);
  // Adds a pseudo-header, whose name is a literal.
  void add_pseudo(std::string_view name, std::string_view value) {
    add(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME);
  }
  // Adds the headers, except those with a name in `left_out` (in lower case).
  void add_headers(const std::vector<rules::HttpHeader>& headers,
                   std::initializer_list<std::string_view> left_out);
  // Adds a header that HTTP/2 has not received. `listed` are the names in Connection headers.
  void add_unchecked(const rules::HttpHeader& header, std::string_view listed);
  // Stores a text that is not part of the head for the lifetime of the list.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  bool lasts_ = false;
  std::vector<nghttp2_nv> fields_;
  std::list<std::string> kept_;
};

}  // namespace brownout::http2
