#include "rules/http_fault.h"

#include <string>

namespace brownout::rules {
namespace {

// A request that has none gets none; nor do responses that cannot have one.
bool may_have_body(const HttpContext& context, const HttpMessage& message) {
  const auto& request = context.request->http->request;
  if (message.is_request()) {
    return request.find("content-length") != nullptr ||
           request.find("transfer-encoding") != nullptr;
  }
  const auto status = message.head.status;
  return request.method != "HEAD" && status != 204 && status != 304 && status >= 200;
}

}  // namespace

std::optional<Note> replace_body(const HttpContext& context, HttpMessage& message,
                                 std::string_view body) {
  if (message.decided() || !may_have_body(context, message)) return std::nullopt;
  message.body = std::string(body);
  message.head.remove("content-encoding");
  message.edited = true;
  return Note{.action = "replace", .bytes = static_cast<std::int64_t>(body.size())};
}

}  // namespace brownout::rules
