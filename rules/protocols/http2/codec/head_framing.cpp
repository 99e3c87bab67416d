#include "rules/protocols/http2/codec/head_framing.h"

#include <charconv>

namespace brownout::http2 {

codecs::HttpFraming framing_of(const rules::HttpHead& head, bool ended) {
  codecs::HttpFraming framing;
  framing.method = head.method;
  framing.status = head.status;
  framing.major = 2;
  framing.has_body = !ended;
  if (const auto* length = head.find("content-length")) {
    std::uint64_t value = 0;
    const auto* end = length->data() + length->size();
    const auto read = std::from_chars(length->data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) framing.content_length = value;
  }
  const auto* expect = framing.has_body && head.status == 0 ? head.find("expect") : nullptr;
  framing.expects_continue = expect && rules::same_header_name(*expect, "100-continue");
  framing.chunked = framing.has_body && !framing.content_length;
  return framing;
}

}  // namespace brownout::http2
