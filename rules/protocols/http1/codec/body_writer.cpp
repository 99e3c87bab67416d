#include "rules/protocols/http1/codec/body_writer.h"

#include <array>
#include <charconv>

namespace brownout::http {

std::string BodyWriter::chunk_line(std::size_t size) {
  if (form_ == Form::kBadChunk) {
    form_ = Form::kChunked;
    return "0x_\r\n";
  }
  std::array<char, 16> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
  return std::string(digits.data(), result.ptr) + "\r\n";
}

std::string BodyWriter::end(const std::vector<rules::HttpHeader>& trailers) const {
  if (form_ != Form::kChunked && form_ != Form::kBadChunk) return {};
  std::string text = "0\r\n";
  for (const auto& field : trailers) text += field.name + ": " + field.value + "\r\n";
  return text + "\r\n";
}

}  // namespace brownout::http
