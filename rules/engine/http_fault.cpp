#include "rules/engine/http_fault.h"

#include <string>

namespace brownout::rules {

bool has_body(const HttpContext& context, const HttpMessage& message) {
  const auto& request = context.request->http->request;
  if (message.is_request()) {
    const auto known = context.request->http->request_has_body;
    return known ? *known
                 : request.find("content-length") != nullptr ||
                       request.find("transfer-encoding") != nullptr;
  }
  return may_have_body(request.method, message.head.status);
}

std::optional<Note> replace_body(const HttpContext& context, HttpMessage& message,
                                 std::string_view body) {
  if (message.decided() || !has_body(context, message)) return std::nullopt;
  message.body = std::string(body);
  message.body_readers.clear();
  message.head.remove("content-encoding");
  message.edited = true;
  return Note{.action = "replace", .bytes = static_cast<std::int64_t>(body.size())};
}

}  // namespace brownout::rules
