#include "rules/engine/whole_body.h"

#include <array>
#include <cstdint>

#include "rules/base/whole_number.h"
#include "rules/protocols/http1/content_coding.h"

namespace brownout::rules {
namespace {

constexpr std::array<std::string_view, 8> kDescribeTheBody{
    "etag",   "last-modified",  "accept-ranges", "content-md5",
    "digest", "content-digest", "repr-digest",   "trailer"};

// Returns why the body cannot be edited, as far as the head shows; "" if it can.
std::string_view why_not(const HttpMessage& message) {
  const auto& head = message.head;
  const bool partial = !message.is_request() && head.status == 206;
  if (partial || head.find("content-range") != nullptr)
    return "the body is only a part of the resource (206 or Content-Range)";
  if (is_event_stream(head)) return "the body is a stream of events, which has no end to wait for";
  return {};
}

// Returns why there is no body to edit. Without Content-Length, the reason is not known.
std::string why_no_body(const HttpMessage& message, Bytes most) {
  const auto larger = "has more than " + std::to_string(most.count) + " bytes";
  const auto* length = message.head.find("content-length");
  const auto size = length != nullptr ? parse_whole_number(*length, INT64_MAX) : std::nullopt;
  if (size) return *size > most.count ? "the body " + larger : "the body is incomplete";
  return "the body " + larger + ", or is incomplete";
}

std::string encoding_of(const HttpMessage& message) {
  return message.head.list("content-encoding");
}

}  // namespace

bool is_event_stream(const HttpHead& head) {
  constexpr std::string_view kType = "text/event-stream";
  const auto* type = head.find("content-type");
  return type != nullptr &&
         same_header_name(std::string_view(*type).substr(0, kType.size()), kType);
}

void want_body(const HttpContext& context, HttpMessage& message, Bytes most) {
  if (message.decided() || !has_body(context, message)) return;
  const bool refused = !why_not(message).empty() || !content_codings(encoding_of(message));
  message.wants_body = refused ? Bytes{} : most;
}

Result<std::optional<Note>> edit_body(HttpMessage& message, Bytes most, std::string_view action,
                                      const TextEdit& edit) {
  if (const auto why = why_not(message); !why.empty()) return config_error(std::string(why));
  const auto encoding = encoding_of(message);
  if (const auto codings = content_codings(encoding); !codings)
    return tl::unexpected(codings.error());
  if (!message.body) return config_error(why_no_body(message, most));
  auto plain = decode_body(encoding, *message.body, static_cast<std::size_t>(most.count));
  if (!plain) return tl::unexpected(plain.error());
  auto text = edit(plain->text);
  if (!text) return tl::unexpected(text.error());
  plain->text = std::move(*text);
  auto body = encode_body(*plain);
  if (!body) return tl::unexpected(body.error());
  message.body = std::move(*body);
  for (const auto name : kDescribeTheBody) message.head.remove(name);
  message.edited = true;
  return Note{.action = action, .bytes = static_cast<std::int64_t>(plain->text.size())};
}

}  // namespace brownout::rules
