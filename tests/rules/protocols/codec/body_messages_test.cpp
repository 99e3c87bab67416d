// Tests the messages in the bodies of HTTP exchanges.
#include "rules/protocols/codec/body_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "rules/engine/plan_http.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;
using Begin = messages::BodyMessages::Begin;

// A GET of /prices by a client, at a listener with this protocol.
class BodyLab : messages::BodyMessages::Owner {
 public:
  explicit BodyLab(const std::string& rules, const std::string& protocol = "sse")
      : config_(config_of(rules, protocol)),
        set_(rules::RuleSet::activate(config_.rules, 1, {})),
        facts_(flow_of(1)) {
    rules::HttpHead request;
    request.method = "GET";
    request.target = "/prices?all";
    request.append("last-event-id", "9");
    request.append("content-type", "application/grpc");
    exchange_ = rules::HttpExchange::of(std::move(request));
    facts_.carrier = rules::Carrier::kHttp;
    facts_.http = &exchange_;
    facts_.message = 1;
    facts_.message_protocols = config_.listeners.front().protocol.messages();
  }
  void answer(const std::string& type, const std::string& coding = "", int status = 200) {
    rules::HttpHead response;
    response.status = status;
    response.append("content-type", type);
    if (!coding.empty()) response.append("content-encoding", coding);
    exchange_.set_response(std::move(response));
    bodies_ = messages::BodyMessages::of(*this, facts_, config_.listeners.front(),
                                         Direction::kDownstream);
    if (bodies_) bodies_->set_rules(*set_, now_);
  }
  // Begins the body of the request.
  void ask() {
    bodies_ =
        messages::BodyMessages::of(*this, facts_, config_.listeners.front(), Direction::kUpstream);
    if (bodies_) bodies_->set_rules(*set_, now_);
  }
  messages::BodyMessages* operator->() { return bodies_.get(); }
  explicit operator bool() const { return bodies_ != nullptr; }
  void push(std::string_view text, Direction direction = Direction::kDownstream) {
    bodies_->push(direction, codecs::bytes_of(text), now_);
  }
  void finish() { bodies_->finish(Direction::kDownstream, now_); }
  void pass(Duration time) {
    now_ += time;
    bodies_->advance(now_);
  }
  std::string log() { return std::exchange(log_, {}); }
  const rules::FlowFacts& facts() const { return facts_; }

 private:
  void message_bytes(Direction, codecs::ByteView bytes) override { log_ += codecs::text_of(bytes); }
  void messages_ended(Direction) override { log_ += "<end>"; }
  void messages_cut(rules::Close how) override {
    log_ += how == rules::Close::kFin ? "<cut>" : "<reset>";
  }
  void messages_answered(const messages::BodyAnswer& answer) override {
    for (const auto& field : answer.trailers) log_ += "<" + field.name + "=" + field.value + ">";
  }
  void message_injected(const rules::Rule& rule, Direction, const rules::Note& note) override {
    log_ += "<" + rule.name + ": " + std::string(note.action) + ">";
  }
  void messages_report(std::string_view event, std::string_view why) override {
    log_ += "<" + std::string(event) + ": " + std::string(why) + ">";
  }

  rules::Config config_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::HttpExchange exchange_;
  rules::FlowFacts facts_;
  Instant now_{};
  std::string log_;
  std::unique_ptr<messages::BodyMessages> bodies_;
};

TEST(BodyMessages, AreThoseOfTheMediaType) {
  BodyLab lab("");
  lab.answer("application/json");
  EXPECT_FALSE(lab);
  lab.answer("Text/Event-Stream; charset=utf-8");
  ASSERT_TRUE(lab);
  EXPECT_EQ(lab->begin(Direction::kDownstream), Begin::kThrough);
  EXPECT_EQ(lab->begin(Direction::kUpstream), Begin::kAround);
  EXPECT_FALSE(lab->ruled(Direction::kDownstream));
  lab.push("data: 1\n");
  lab.push("\n");
  lab.finish();
  lab.finish();
  EXPECT_EQ(lab.log(), "data: 1\n\n<end>");
}

// The body of a stream of events in these codings.
std::string coded(const std::string& text, const std::vector<rules::ContentCoding>& codings) {
  return rules::encode_body({text, codings}).value_or("");
}

TEST(BodyMessages, AreSeenThroughContentCodingsWhereARuleMayAct) {
  using rules::ContentCoding;
  const std::string drop =
      "[[rule]]\nname = \"r\"\nmatch = { event = \"b\" }\nfault = { type = \"drop\" }\n";
  const std::string text = "event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\n";
  const std::vector<std::pair<std::string, std::string>> bodies{
      {"gzip", coded(text, {ContentCoding::kGzip})},
      {"gzip", coded("event: a\ndata: 1\n\nevent: b\n", {ContentCoding::kGzip}) +
                   coded("data: 2\n\nevent: c\ndata: 3\n\n", {ContentCoding::kGzip})},
      {"deflate", coded(text, {ContentCoding::kZlib})},
      {"deflate", coded(text, {ContentCoding::kDeflate})},
      {"br", coded(text, {ContentCoding::kBrotli})},
      {"gzip, br", coded(text, {ContentCoding::kGzip, ContentCoding::kBrotli})}};
  for (const auto& [coding, body] : bodies) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, body.size()}) {
      BodyLab lab(drop);
      lab.answer("text/event-stream", coding);
      ASSERT_EQ(lab->begin(Direction::kDownstream), Begin::kDecoded);
      for (std::size_t at = 0; at < body.size(); at += piece) lab.push(body.substr(at, piece));
      EXPECT_TRUE(lab->whole(Direction::kDownstream)) << coding;
      lab.finish();
      auto log = lab.log();
      const auto event = log.find("<r: drop>");
      ASSERT_NE(event, std::string::npos) << coding << " in pieces of " << piece;
      log.erase(event, 9);
      EXPECT_EQ(log, "event: a\ndata: 1\n\nevent: c\ndata: 3\n\n<end>") << coding << piece;
    }
  }
}

TEST(BodyMessages, OfAnotherCodingPassUnreadWithAnEvent) {
  const std::string drop = "[[rule]]\nmatch = { event = \"b\" }\nfault = { type = \"drop\" }\n";
  BodyLab lab(drop);
  lab.answer("text/event-stream", "zstd");
  EXPECT_EQ(lab->begin(Direction::kDownstream), Begin::kAround);
  EXPECT_EQ(lab.log(),
            "<messages not read: the content coding \"zstd\" is not gzip, deflate or br>");
  lab.answer("text/event-stream", "gzip", 206);
  EXPECT_EQ(lab->begin(Direction::kDownstream), Begin::kAround);
  EXPECT_EQ(lab.log(),
            "<messages not read: the response has only a part of the body (206), in the content "
            "coding gzip>");
  lab.answer("text/event-stream", "identity");
  EXPECT_EQ(lab->begin(Direction::kDownstream), Begin::kThrough);
  // Without a rule, nobody needs to know.
  BodyLab free("");
  free.answer("text/event-stream", "gzip");
  EXPECT_EQ(free->begin(Direction::kDownstream), Begin::kAround);
  EXPECT_EQ(free.log(), "");
}

TEST(BodyMessages, ThatCannotBeDecodedEndTheBodyEarly) {
  const std::string drop = "[[rule]]\nmatch = { event = \"b\" }\nfault = { type = \"drop\" }\n";
  BodyLab lab(drop);
  lab.answer("text/event-stream", "gzip");
  ASSERT_EQ(lab->begin(Direction::kDownstream), Begin::kDecoded);
  lab.push("data: 1\n\n");
  EXPECT_EQ(lab.log(), "<body cut short: the body is not valid in its content coding gzip><cut>");
  // 20 MiB from 20 KiB: more than one message may have.
  BodyLab bomb(drop);
  bomb.answer("text/event-stream", "gzip");
  ASSERT_EQ(bomb->begin(Direction::kDownstream), Begin::kDecoded);
  bomb.push(coded(std::string(20 << 20, 'a'), {rules::ContentCoding::kGzip}));
  EXPECT_THAT(bomb.log(), testing::HasSubstr("decodes to more than 16777216 bytes at once><cut>"));
}

std::string grpc_web(const std::string& payload, char flags = 0) {
  return std::string{flags, 0, 0, 0, static_cast<char>(payload.size())} + payload;
}

std::string as_base64(const std::string& bytes) {
  rules::Base64Encoder encoder;
  auto text = encoder.push(bytes);
  return text + encoder.finish();
}

// The trailers of the call are a message; each piece may end with padding.
TEST(BodyMessages, OfGrpcWebTextAreReadFromBase64) {
  const auto trailers = grpc_web("grpc-status: 0\r\n", '\x80');
  const auto bodies = {
      as_base64(grpc_web("drop")) + as_base64(grpc_web("keep")) + as_base64(trailers),
      as_base64(grpc_web("drop") + grpc_web("keep") + trailers)};
  for (const auto& body : bodies) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, body.size()}) {
      BodyLab lab(
          "[[rule]]\nname = \"r\"\nmatch = { text = \"drop\" }\nfault = { type = \"drop\" }\n",
          "grpc");
      lab.answer("application/grpc-web-text+proto");
      ASSERT_EQ(lab->begin(Direction::kDownstream), Begin::kThrough);
      for (std::size_t at = 0; at < body.size(); at += piece) lab.push(body.substr(at, piece));
      lab.finish();
      rules::Base64Decoder decoder;
      auto log = lab.log();
      ASSERT_TRUE(log.starts_with("<r: drop>") && log.ends_with("<end>")) << log;
      log = log.substr(9, log.size() - 14);
      EXPECT_EQ(decoder.push(log).value_or("not base64"), grpc_web("keep") + trailers) << log;
      EXPECT_TRUE(decoder.complete());
    }
  }
  BodyLab broken("[[rule]]\nmatch = { text = \"x\" }\nfault = { type = \"drop\" }\n", "grpc");
  broken.answer("application/grpc-web-text");
  broken->begin(Direction::kDownstream);
  broken.push("AA!A");
  EXPECT_EQ(broken.log(), "<body cut short: the body is not base64><cut>");
}

TEST(BodyMessages, MeetRulesThatAlsoMatchTheRequestAndTheResponse) {
  const std::string rules = R"([[rule]]
name = "a"
match = { path = "/prices", status = 200, last_event_id = "9", text = "1" }
fault = { type = "drop" }
[[rule]]
name = "b"
match = { path = "/other" }
fault = { type = "drop" })";
  BodyLab lab(rules);
  lab.answer("text/event-stream");
  EXPECT_TRUE(lab->ruled(Direction::kDownstream));
  EXPECT_EQ(lab->rules(), std::vector<std::string>{"a"});
  lab.push("data: 1\n\ndata: 2\n\n");
  EXPECT_EQ(lab.log(), "<a: drop>data: 2\n\n");
  lab.answer("text/event-stream", "", 201);
  EXPECT_FALSE(lab->ruled(Direction::kDownstream));
}

TEST(BodyMessages, HoldTheEndOfTheBodyBehindTheMessages) {
  BodyLab lab(R"([[rule]]
name = "late"
fault = { type = "delay", delay = "2s" })");
  lab.answer("text/event-stream");
  lab.push("data: 1\n\n");
  lab.finish();
  EXPECT_EQ(lab.log(), "<late: delay>");
  EXPECT_GT(lab->held(Direction::kDownstream), 0U);
  EXPECT_EQ(lab->deadline(), Instant(2s));
  lab.pass(2s);
  EXPECT_EQ(lab.log(), "data: 1\n\n<end>");
  EXPECT_EQ(lab->held(Direction::kDownstream), 0U);
}

TEST(BodyMessages, AnswerACallWithItsTrailers) {
  BodyLab lab(R"([[rule]]
name = "busy"
match = { text = "second" }
fault = { type = "reject", grpc_status = 8, text = "full" })",
              "grpc");
  lab.ask();
  ASSERT_TRUE(lab);
  EXPECT_EQ(lab->begin(Direction::kUpstream), Begin::kThrough);
  EXPECT_EQ(lab->begin(Direction::kDownstream), Begin::kAround);
  const std::string first("\0\0\0\0\5first", 10);
  lab.push(first, Direction::kUpstream);
  EXPECT_EQ(lab.log(), first);
  lab.push(std::string("\0\0\0\0\6second", 11), Direction::kUpstream);
  EXPECT_EQ(lab.log(), "<busy: reject><grpc-status=8><grpc-message=full>");
  lab.push(first, Direction::kUpstream);
  lab.finish();
  EXPECT_EQ(lab.log(), "");
}

// A rule of messages acts on the request only if it says so. A rule of requests is not concerned.
TEST(BodyMessages, LeaveRulesOfRequestsAlone) {
  const auto acts_on_request = [](const std::string& rule) {
    const auto config = config_of("[[rule]]\n" + rule, "sse");
    const auto set = rules::RuleSet::activate(config.rules, 1, {});
    return rules::acts_on_requests(*set->rules().front(),
                                   config.listeners.front().protocol.messages());
  };
  EXPECT_FALSE(acts_on_request("fault = { type = \"drop\" }"));
  EXPECT_TRUE(acts_on_request("per = \"request\"\nfault = { type = \"drop\" }"));
  EXPECT_TRUE(acts_on_request("fault = { type = \"abort\" }"));
  EXPECT_TRUE(acts_on_request("fault = { type = \"reject\" }"));
  EXPECT_FALSE(
      acts_on_request("match = { event = \"a\" }\nfault = { type = \"delay\", delay = \"1s\" }"));
}

}  // namespace
}  // namespace brownout::test
