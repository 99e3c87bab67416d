#include "proxy/embedded/http2_answers.h"

#include "rules/protocols/grpc/codec/grpc_connection.h"

namespace brownout::proxy {
namespace {

constexpr std::string_view kHealth = "/grpc.health.v1.Health/";
constexpr std::string_view kServing("\x08\x01", 2);  // field 1 (status) with the value 1

rules::HttpHead ok_head(const std::string& type) {
  rules::HttpHead head;
  head.status = 200;
  head.append("content-type", type);
  return head;
}

}  // namespace

void Http2Answers::on_head(StreamId id, rules::HttpHead&& head, std::string_view, std::string_view,
                           bool ended) {
  if (ended) return answer(id, head);
  asked_[id] = std::move(head);
}

void Http2Answers::on_end(StreamId id, std::vector<rules::HttpHeader>) {
  const auto asked = asked_.extract(id);
  if (asked) answer(id, asked.mapped());
}

void Http2Answers::answer(StreamId id, const rules::HttpHead& request) {
  const auto* type = request.find("content-type");
  if (type != nullptr && type->starts_with("application/grpc")) {
    return answer_call(id, request.target);
  }
  const bool has_body = request.method != "HEAD";
  session_.send_response(id, ok_head("text/plain"), !has_body);
  if (!has_body) return;
  session_.send_data(id, codecs::bytes_of("ok\n"));
  session_.send_end(id, {});
}

void Http2Answers::answer_call(StreamId id, const std::string& path) {
  auto head = ok_head("application/grpc");
  const bool watches = path == std::string(kHealth) + "Watch";
  if (!watches && path != std::string(kHealth) + "Check") {
    head.append("grpc-status", "12");
    return session_.send_response(id, std::move(head), true);
  }
  session_.send_response(id, std::move(head), false);
  session_.send_data(id, codecs::bytes_of(messages::grpc_frame(kServing)));
  if (!watches) session_.send_end(id, {{"grpc-status", "0"}});
}

}  // namespace brownout::proxy
