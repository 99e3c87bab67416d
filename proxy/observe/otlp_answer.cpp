#include "proxy/observe/otlp_answer.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "proxy/formats/json_text.h"
#include "rules/base/columns.h"
#include "rules/base/whole_number.h"

namespace brownout::proxy {
namespace {

using Then = OtlpAnswer::Then;
using nlohmann::json;

constexpr std::size_t kMostOtlpText = 200;    // columns of a collector's text in the log
constexpr std::size_t kMostOtlpValues = 100;  // limit of values in the JSON of a response

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<json> object_in(const std::string& body) {
  auto object = codecs::read_json(body, kMostOtlpValues);
  if (!object || !object->is_object()) return std::nullopt;
  return object;
}

// Shortens a collector's text, and removes its final period, since the log line continues after it.
std::string short_text(std::string_view text) {
  while (text.ends_with('.') || text.ends_with(' ')) text.remove_suffix(1);
  return rules::fitted(text, kMostOtlpText);
}

// Returns the message of a JSON body (google.rpc.Status), otherwise the first line with text.
std::string text_of(const std::string& body) {
  if (const auto object = object_in(body)) {
    if (object->empty()) return {};
    if (const auto message = text_member(*object, "message"); !message.empty()) {
      return short_text(message);
    }
  }
  const auto begin = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  const auto end = body.find_first_of("\r\n", begin);
  return short_text(std::string_view(body).substr(begin, end - begin));
}

// Reads `partialSuccess`. In Protobuf's JSON encoding, a 64-bit integer is a string or a number.
void read_partial_success(OtlpAnswer& answer, const std::string& body, OtlpSignal signal) {
  const auto object = object_in(body);
  if (!object) return;
  const auto partial = object->find("partialSuccess");
  if (partial == object->end() || !partial->is_object()) return;
  const auto rejected =
      partial->find(signal == OtlpSignal::kTraces ? "rejectedSpans" : "rejectedDataPoints");
  if (rejected != partial->end()) {
    if (rejected->is_number_unsigned()) answer.rejected = rejected->get<std::uint64_t>();
    if (rejected->is_string()) {
      answer.rejected =
          rules::parse_whole_number<std::uint64_t>(rejected->get<std::string>(), UINT64_MAX)
              .value_or(0);
    }
  }
  answer.message = short_text(text_member(*partial, "errorMessage"));
}

Then then_of(long status) {
  switch (status) {
    case 429:
    case 502:
    case 503:
    case 504:
      return Then::kRetry;
    case 404:
    case 405:
      return Then::kNoSignal;
    default:
      return status >= 200 && status <= 299 ? Then::kAccepted : Then::kDrop;
  }
}

std::string hint_of(const PostResult& result, OtlpSignal signal, std::string_view url,
                    std::string_view text) {
  const auto status = result.status;
  if (!result.redirect.empty()) {
    auto to = result.redirect;
    if (to.ends_with(otlp_path(signal))) to.resize(to.size() - otlp_path(signal).size());
    return "redirects are not followed; if it is the collector, give --otlp " +
           rules::fitted(to, kMostOtlpText);
  }
  if (url.starts_with("http://") && text.find("HTTPS") != std::string_view::npos) {
    return "give --otlp a URL that begins with https://";
  }
  if (status == 401 || status == 403) {
    return "check the credentials in OTEL_EXPORTER_OTLP_HEADERS";
  }
  if (status == 404 || status == 405) {
    return fmt::format(
        "check that the collector has a pipeline for {}, and that {} is its base URL",
        signal == OtlpSignal::kTraces ? "traces" : "metrics", url);
  }
  if (status == 413) return "raise max_request_body_size of the collector's OTLP receiver";
  if (status == 415)
    return "the receiver does not accept JSON: give --otlp the URL of a receiver that does";
  if (status == 429 || status == 503) return "the collector is overloaded or starting: see its log";
  return "see the collector's log";
}

std::string hint_of(PostFailure failure, std::string_view url) {
  if (url.ends_with(":4317")) {
    return "4317 is the usual port of OTLP over gRPC: give --otlp the port of OTLP over HTTP, "
           "usually 4318";
  }
  if (failure == PostFailure::kNotHttp) {
    return "this port does not answer with HTTP/1: give --otlp the port of OTLP over HTTP, usually "
           "4318";
  }
  if (failure == PostFailure::kUntrusted) {
    return "set OTEL_EXPORTER_OTLP_CERTIFICATE to the file of the collector's CA, and use a host "
           "name in --otlp that the collector's certificate contains";
  }
  return "check that the collector runs and listens on this address";
}

}  // namespace

std::string_view otlp_path(OtlpSignal signal) {
  return signal == OtlpSignal::kTraces ? "/v1/traces" : "/v1/metrics";
}

OtlpAnswer otlp_answer(const PostResult& result, OtlpSignal signal, std::string_view url) {
  OtlpAnswer answer;
  if (result.status == 0) {
    answer.then = result.failure == PostFailure::kNotHttp     ? Then::kDrop
                  : result.failure == PostFailure::kUntrusted ? Then::kRetrySlowly
                                                              : Then::kRetry;
    answer.why = result.error;
    answer.hint = hint_of(result.failure, url);
    return answer;
  }
  answer.then = then_of(result.status);
  if (answer.then == Then::kAccepted) {
    read_partial_success(answer, result.body, signal);
    return answer;
  }
  const auto text = text_of(result.body);
  answer.why = fmt::format("the answer is HTTP status {}{}{}", result.status,
                           text.empty() ? "" : ": ", text);
  answer.hint = hint_of(result, signal, url, text);
  return answer;
}

}  // namespace brownout::proxy
