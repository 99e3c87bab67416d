// Base64 of a stream (RFC 4648, 4), as application/grpc-web-text has it: pieces that may each end
// with padding follow one another. No I/O; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace brownout::rules {

class Base64Decoder {
 public:
  // Decodes the next characters. Up to three of them wait for the rest of their group of four.
  // Returns no value if they are not base64; the decoder must not be used after that.
  std::optional<std::string> push(std::string_view text);
  // Whether the text so far is complete.
  bool complete() const { return group_.empty(); }

 private:
  std::string group_;  // the characters of an incomplete group
};

class Base64Encoder {
 public:
  // Encodes the next bytes. Up to two of them wait for the rest of their group of three.
  std::string push(std::string_view bytes);
  // Encodes the bytes that wait, with padding.
  std::string finish();

 private:
  std::string group_;
};

}  // namespace brownout::rules
