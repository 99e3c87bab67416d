// BodyWriter writes the payload of a body with the framing of HTTP/1 (RFC 9112, 6 and 7). One
// object for each body; one thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"

namespace brownout::http {

class BodyWriter {
 public:
  enum class Form {
    kAsReceived,  // the received bytes with their framing
    // Payload only: Content-Length or the end of the connection delimits the body.
    kPlain,
    kChunked,   // the payload in chunks (RFC 9112, 7.1)
    kBadChunk,  // like kChunked, but the length of the first chunk is not a number
  };

  void begin(Form form) { form_ = form; }

  // Calls write(ByteView) with the bytes of a part; `raw` is used for kAsReceived only.
  template <class Write>
  void part(codecs::ByteView raw, std::span<const codecs::ByteView> payload, Write write) {
    if (form_ == Form::kAsReceived) return write(raw);
    for (const auto bytes : payload) {
      if (bytes.empty()) continue;
      if (form_ == Form::kPlain) {
        write(bytes);
        continue;
      }
      const auto line = chunk_line(bytes.size());
      write(codecs::bytes_of(line));
      write(bytes);
      write(codecs::bytes_of("\r\n"));
    }
  }
  // Returns the bytes that end a whole body.
  std::string end(const std::vector<rules::HttpHeader>& trailers) const;

 private:
  std::string chunk_line(std::size_t size);

  Form form_ = Form::kAsReceived;
};

}  // namespace brownout::http
