// FieldList converts the head or the trailers of an HTTP message to the list of HTTP/2 header
// fields that nghttp2 sends (RFC 9113, 8.2 and 8.3).
//
// Names become lower case. Headers that concern one HTTP/1 connection only are left out: those of
// RFC 9113, 8.2.2, and those that a Connection header names. TE stays if it has "trailers". Host
// becomes :authority. Also left out are fields with a malformed name or value, and trailers that
// affect framing or routing. The list refers to the head, which must outlive it. No I/O; one
// thread.
#pragma once

#include <nghttp2/nghttp2.h>

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
  static FieldList of_response(const rules::HttpHead& head);
  static FieldList of_trailers(const std::vector<rules::HttpHeader>& trailers);

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  void add(std::string_view name, std::string_view value);
  void add_headers(const std::vector<rules::HttpHeader>& headers, std::string_view named);
  // Stores a text that is not part of the head for the lifetime of the list.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  std::vector<nghttp2_nv> fields_;
  std::list<std::string> kept_;
};

}  // namespace brownout::http2
