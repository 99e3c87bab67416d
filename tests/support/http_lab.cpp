#include "tests/support/http_lab.h"

#include <algorithm>

#include "rules/base/units.h"

namespace brownout::test {
namespace {

using What = codecs::Http1Parser::What;

using codecs::text_of;

constexpr Duration kPatience = std::chrono::minutes(10);

}  // namespace

HttpLab::HttpLab(const std::string& rules, std::uint64_t seed, const std::string& protocol)
    : reply("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
      protocol_(protocol),
      config_(config_of(rules, protocol)),
      set_(rules::RuleSet::activate(config_.rules, seed, Instant{})) {
  reconnect();
}

HttpLab::HttpLab(const HttpLab& other)
    : reply(other.reply),
      protocol_(other.protocol_),
      config_(other.config_),
      set_(other.set_),
      now_(other.now_),
      ordinal_(other.ordinal_ + 1000) {
  reconnect();
}

HttpLab::~HttpLab() = default;

void HttpLab::reconnect(const std::string& address) {
  facts_ = flow_of(++ordinal_, address);
  facts_.opened = now_;
  conversation_ = std::make_unique<http::Conversation>(
      static_cast<http::Conversation::Wire&>(*this), facts_, &config_.listeners.front());
  requests_.reset();
  received_.clear();
  mark_ = 0;
  asked_.clear();
  read_by_server_ = 0;
  connected_ = dialling_ = closed_ = reset_ = false;
}

void HttpLab::reload(const std::string& rules) {
  set_ = rules::RuleSet::activate(config_of(rules, protocol_).rules, 1, now_, set_.get());
  conversation_->apply(*set_, now_);
  settle();
}

void HttpLab::client(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, piece);
    conversation_->client_bytes(codecs::bytes_of(part), now_);
    settle();
    bytes.remove_prefix(part.size());
  }
}

void HttpLab::client_ends() {
  conversation_->client_finished(now_);
  settle();
}

void HttpLab::server(std::string_view bytes) {
  while (!bytes.empty() && connected_) {
    const auto part = bytes.substr(0, piece);
    conversation_->server_bytes(codecs::bytes_of(part), now_);
    bytes.remove_prefix(part.size());
  }
  settle();
}

void HttpLab::server_ends(bool reset) {
  conversation_->server_finished(reset, now_);
  settle();
}

// Continues the conversation after a rule has released a request or response.
void HttpLab::run_released() {
  if (!std::exchange(released_, false)) return;
  conversation_->on_release(now_);
  settle();
}

// Advances the time from deadline to deadline.
void HttpLab::advance(Duration by) {
  const auto until = now_ + by;
  run_released();
  while (!conversation_->over() && conversation_->deadline() <= until) {
    now_ = std::max(now_, conversation_->deadline());
    conversation_->advance(now_);
    settle();
    run_released();
  }
  now_ = until;
}

void HttpLab::settle() {
  if (std::exchange(dialling_, false)) {
    if (unreachable) {
      conversation_->server_failed("nobody is there", false, now_);
    } else {
      connected_ = true;
      requests_ = std::make_unique<codecs::Http1Parser>(codecs::Http1Parser::Side::kRequests);
      read_by_server_ = asked_.size();
      conversation_->server_ready(reuses, now_);
    }
  }
  answer_requests();
}

void HttpLab::answer_requests() {
  while (reply && connected_ && !conversation_->tunnel()) {
    const auto step = requests_->next(codecs::bytes_of(asked_).subspan(read_by_server_));
    read_by_server_ += step.taken;
    if (step.what == What::kEnd) {
      server(*reply);
    } else if (step.what != What::kHead) {
      return;
    }
  }
}

std::string HttpLab::ask(const std::string& method, const std::string& target,
                         const std::string& headers, const std::string& body) {
  if (closed_ || reset_) reconnect();
  const auto from = mark_ = received_.size();
  const auto asked = now_;
  auto text = method + " " + target + " HTTP/1.1\r\nHost: example.org\r\n" + headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  client(text + "\r\n" + body);
  advance(kPatience);
  return outcome(method, from, asked);
}

std::string HttpLab::outcome(const std::string& method, std::size_t from, Instant asked) {
  codecs::Http1Parser parser(codecs::Http1Parser::Side::kResponses);
  parser.answers(method);
  std::string text;
  auto bytes = codecs::bytes_of(received_).subspan(from);
  if (!bytes.empty() && first_byte_ > asked) text = "+" + rules::to_text(first_byte_ - asked) + " ";
  bool complete = false;
  while (true) {
    const auto step = parser.next(bytes);
    bytes = bytes.subspan(step.taken);
    if (step.what == What::kHead) text += std::to_string(parser.framing().status);
    if (step.what == What::kBody || step.what == What::kEnd) {
      for (const auto part : parser.payload()) {
        if (complete || text.ends_with(std::to_string(parser.framing().status))) text += " ";
        text += text_of(part);
      }
    }
    complete = step.what == What::kEnd && parser.framing().status >= 200;
    if (complete || step.what == What::kMore || step.what == What::kBody ||
        step.what == What::kUpgraded) {
      break;
    }
    if (step.what == What::kEnd) text += " ";
    if (step.what == What::kBroken) {
      text += "(broken: " + parser.why() + ")";
      break;
    }
  }
  if (complete && last_byte_ > first_byte_)
    text += " in " + rules::to_text(last_byte_ - first_byte_);
  if (from == received_.size() && !closed_ && !reset_) return "(silence)";
  if (!complete && !closed_ && !reset_) text += " (stalled)";
  if (closed_) text += text.empty() ? "(closed)" : " (closed)";
  if (reset_) text += text.empty() ? "(reset)" : " (reset)";
  return text;
}

int HttpLab::count(int count, const std::string& target, const std::string& answer) {
  int hits = 0;
  for (int i = 0; i < count; ++i) hits += get(target) == answer ? 1 : 0;
  return hits;
}

void HttpLab::to_client(codecs::ByteView bytes) {
  if (received_.size() == mark_) first_byte_ = now_;
  last_byte_ = now_;
  received_ += text_of(bytes);
}

void HttpLab::to_server(codecs::ByteView bytes) { asked_ += text_of(bytes); }

void HttpLab::ask_for_server(bool fresh) {
  ++dials_;
  if (fresh) reuses = false;
  dialling_ = true;
}

void HttpLab::close_client(rules::Close how) {
  (how == rules::Close::kFin ? closed_ : reset_) = true;
}

}  // namespace brownout::test
