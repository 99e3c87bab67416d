#include "rules/protocols/sse/codec/sse_text.h"

#include <algorithm>

namespace brownout::codecs {
namespace {

using rules::SseKind;

// Removes the first line from `text` and returns it without its line end.
std::string_view take_sse_line(std::string_view& text) {
  const auto end = std::min(text.find_first_of("\r\n"), text.size());
  const auto line = text.substr(0, end);
  const bool crlf = text.substr(end).starts_with("\r\n");
  text.remove_prefix(std::min(end + (crlf ? 2 : 1), text.size()));
  return line;
}

bool is_sse_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string read_sse(std::string_view lines, rules::SseMessage& message) {
  std::string data;
  std::string comment;
  bool has_data = false;
  bool has_field = false;
  while (!lines.empty()) {
    const auto line = take_sse_line(lines);
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (colon == 0) comment = value;
    if (value.starts_with(' ')) value.remove_prefix(1);
    has_field = has_field || !name.empty();
    if (name == "data") {
      if (has_data) data += '\n';
      data += value;
      has_data = true;
    } else if (name == "event") {
      message.type = value;
    } else if (name == "id" && value.find('\0') == std::string_view::npos) {
      message.id = value;
      message.has_id = true;
    } else if (name == "retry" && is_sse_number(value)) {
      message.retry = value;
    }
  }
  message.kind = has_data ? SseKind::kEvent : has_field ? SseKind::kFields : SseKind::kComment;
  return message.kind == SseKind::kComment ? comment : data;
}

std::string write_sse(const rules::SseMessage& message, std::string_view payload) {
  if (message.kind == SseKind::kComment) {
    auto line = ":" + std::string(payload);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return line + "\n";
  }
  std::string text;
  if (message.has_id) text += "id: " + message.id + "\n";
  if (!message.type.empty()) text += "event: " + message.type + "\n";
  if (!message.retry.empty()) text += "retry: " + message.retry + "\n";
  // A line break at the end of the payload begins another line, which is empty.
  bool more = message.kind == SseKind::kEvent;
  while (more) {
    const auto size = payload.size();
    const auto line = take_sse_line(payload);
    more = line.size() < size;
    text += "data: ";
    text += line;
    text += '\n';
  }
  return text + "\n";
}

}  // namespace brownout::codecs
