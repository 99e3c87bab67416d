// HeadReader builds the head or the trailers of a message from the fields of one HTTP/2 header
// block (RFC 9113, 8.2 and 8.3).
//
// nghttp2 decompresses the block and checks the characters of each field, the set of pseudo-headers
// and the fields that HTTP/2 forbids. The reader bounds the size and adds the checks that nghttp2
// lacks: Host against :authority, user information in :authority, the first character of :path, and
// the range of :status. No I/O; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/http1/http.h"

namespace brownout::http2 {

class HeadReader {
 public:
  enum class Kind { kRequest, kResponse, kTrailers };

  // `most_bytes` limits the size of all fields, each counted with 32 bytes of overhead (RFC 9113,
  // 6.5.2). `most_fields` limits their number.
  HeadReader(std::size_t most_bytes, std::size_t most_fields)
      : most_bytes_(most_bytes), most_fields_(most_fields) {}

  void begin(Kind kind);
  Kind kind() const { return kind_; }
  // Returns false if the block is larger than the limits.
  bool add(std::string_view name, std::string_view value);
  // Completes the head. Returns why it is malformed, or "".
  std::string_view finish();

  // The results, valid after finish() until begin(). A head and trailers can be taken once.
  rules::HttpHead&& take_head() { return std::move(head_); }
  std::vector<rules::HttpHeader> take_trailers() { return std::move(head_.headers); }
  int status() const { return head_.status; }
  const std::string& scheme() const { return scheme_; }
  const std::string& protocol() const { return protocol_; }

 private:
  void add_pseudo(std::string_view name, std::string_view value);
  void add_header(std::string_view name, std::string_view value);
  void add_cookie(std::string_view value);
  void add_host(std::string_view value);
  std::string_view finish_request();
  std::string_view finish_response();

  std::size_t most_bytes_;
  std::size_t most_fields_;
  Kind kind_ = Kind::kRequest;
  rules::HttpHead head_;
  std::string scheme_;
  std::string authority_;
  std::string protocol_;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  std::size_t cookie_ = SIZE_MAX;  // index of the first cookie field
  bool other_host_ = false;        // whether a Host field differs from :authority
};

}  // namespace brownout::http2
