// The part of Exchange that answers in place of the server.
#include <utility>

#include "rules/protocols/http/codec/exchange.h"

namespace brownout::http {

// Answers without the server: a rule decides so, no server is reachable, or the request is refused.
void Exchange::answer_here(rules::HttpAnswer answer, Instant now) {
  made_here_ = true;
  // A client that waits for "100 Continue" may never send the body, so do not wait for it.
  const bool waits = request_.framing.expects_continue && request_.framing.has_body;
  if (waits && !request_.source_ended) ignore_rest();
  response_.source_ended = true;
  response_.framing = {};
  rules::HttpHead head;
  head.status = answer.status;
  head.start_line = rules::status_line(answer.status);
  head.headers = std::move(answer.headers);
  stays_open_ = answer.open_until.has_value();
  open_until_ = answer.open_until.value_or(rules::kNever);
  response_.framing.keep_alive = !stays_open_;
  // A response to HEAD also has a Content-Length (RFC 9110, 9.3.2).
  const bool has_length = answer.status != 204 && answer.status != 304 && !stays_open_;
  if (has_length) head.announce(answer.body.size());
  for (auto& field : answer.trailers)
    response_.message.trailers.set.emplace_back(std::move(field.name), std::move(field.value));
  response_.message.body = std::move(answer.body);
  response_.message.edited = true;
  response_head(std::move(head), now);
}

void Exchange::end_open_answer(Instant now) {
  stays_open_ = false;
  if (response_.phase == Phase::kBody) response_body_.finish({}, now);
}

void Exchange::server_failed(std::string_view why, bool injected, Instant now) {
  if (injected) return end(rules::Close::kReset);
  request_body_.begin_discarded();
  request_.phase = Phase::kBody;
  answer_here({502, {{"content-type", "text/plain"}}, "brownout: " + std::string(why) + "\n"}, now);
}

void Exchange::server_broken(std::string_view why, Instant now) {
  response_ = {};
  request_body_.begin_discarded();
  if (!request_.source_ended) ignore_rest();
  owner_.drop_server();
  answer_here({502,
               {{"content-type", "text/plain"}},
               "brownout: the server's response is malformed: " + std::string(why) + "\n"},
              now);
}

}  // namespace brownout::http
