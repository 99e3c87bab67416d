// Encodes and decodes base64 (RFC 4648, 4): whole texts, and streams piece by piece. In a stream,
// padding may also stand in the middle, as in application/grpc-web-text. No I/O; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace brownout::rules {

std::string to_base64(std::string_view bytes);
// Returns no value if the text is not base64, or incomplete.
std::optional<std::string> from_base64(std::string_view text);

class Base64Decoder {
 public:
  // Decodes the next characters. Keeps up to three characters until the rest of their group of four
  // arrives. Returns no value if the text is not base64; the decoder must not be used after that.
  std::optional<std::string> push(std::string_view text);
  // Whether the text so far is complete.
  bool complete() const { return group_.empty(); }

 private:
  std::string group_;  // the characters of an incomplete group
};

class Base64Encoder {
 public:
  // Encodes the next bytes. Keeps up to two bytes until the rest of their group of three arrives.
  std::string push(std::string_view bytes);
  // Encodes the kept bytes, with padding.
  std::string finish();

 private:
  std::string group_;
};

}  // namespace brownout::rules
