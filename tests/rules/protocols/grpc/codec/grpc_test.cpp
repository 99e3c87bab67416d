// Tests gRPC (protocol = "grpc") in a MessageTunnel, with input cut into pieces of several sizes.
#include <gtest/gtest.h>

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/grpc/codec/grpc_codec.h"
#include "rules/protocols/http1/content_coding.h"
#include "tests/support/message_lab.h"
#include "tests/support/protobuf_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string grpc(const std::string& payload, int flags = 0) {
  const auto size = payload.size();
  std::string bytes(1, static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((size >> shift) & 255);
  return bytes + payload;
}

rules::HttpExchange call_of(const std::string& type, const std::string& encoding = "") {
  rules::HttpHead request;
  request.method = "POST";
  request.target = "/shop.Orders/Watch";
  request.append("Content-Type", type);
  request.append("Tenant", "blue");
  if (!encoding.empty()) request.append("grpc-encoding", encoding);
  return rules::HttpExchange::of(std::move(request));
}

std::shared_ptr<const rules::GrpcMessage> only_message(messages::MessageCodec& codec,
                                                       const std::string& bytes) {
  const auto step = codec.reader(rules::Direction::kUpstream).next(codecs::bytes_of(bytes), true);
  if (!step.ended || step.taken != bytes.size()) return nullptr;
  return std::static_pointer_cast<const rules::GrpcMessage>(step.ended->message->view);
}

TEST(GrpcCodec, PassesUnmatchedMessagesUnchanged) {
  const auto stream = grpc("one") + grpc("") + grpc("two", 1) + grpc("half").substr(0, 7);
  for (const std::string match : {"", "text = \"none such\"", "service = \"other\""}) {
    const auto rules =
        match.empty() ? "" : "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }";
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 1000U}) {
      MessageLab lab("grpc", rules, "", piece);
      lab.from_client(stream);
      lab.client_finishes();
      EXPECT_EQ(lab.at_server(), stream) << match << " in pieces of " << piece;
      EXPECT_EQ(lab.reports, "");
    }
  }
}

TEST(GrpcCodec, MatchesTheCallAndTheMessage) {
  const auto left_of = [](const std::string& match) {
    MessageLab lab("grpc", "[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }");
    lab.from_server(grpc("plain") + grpc("packed", 1));
    return lab.at_client();
  };
  EXPECT_EQ(left_of("service = \"shop.*\", rpc = \"Watch\""), "");
  EXPECT_NE(left_of("service = \"shop.*\", rpc = \"Get\""), "");
  EXPECT_EQ(left_of("metadata = { X-Tenant = \"b*\" }"), "");
  EXPECT_NE(left_of("metadata = { x-tenant = \"red\" }"), "");
  EXPECT_EQ(left_of("compressed = true"), grpc("plain"));
  EXPECT_EQ(left_of("compressed = false"), grpc("packed", 1));
  EXPECT_EQ(left_of("min_size = \"6 B\""), grpc("plain"));
  EXPECT_EQ(left_of("text = \"*lai*\""), grpc("packed", 1));
}

TEST(GrpcCodec, WritesTheLengthOfAChangedMessage) {
  MessageLab lab("grpc", R"([[rule]]
match = { text = "a*" }
fault = { type = "replace", text = "longer than before" }
[[rule]]
match = { text = "b*" }
fault = { type = "truncate_message", after = "1 B" })");
  lab.from_client(grpc("a") + grpc("bcd"));
  EXPECT_EQ(lab.at_server(), grpc("longer than before") + grpc("b"));
}

TEST(GrpcCodec, SeesThroughCompression) {
  const rules::PlainBody body{"hello hello hello", {rules::ContentCoding::kGzip}};
  const auto packed = rules::encode_body(body).value_or("");
  const auto exchange = call_of("application/grpc+proto", "gzip");
  messages::GrpcCodec codec(exchange);
  const auto message = only_message(codec, grpc(packed, 1));
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->plain, body.text);
  EXPECT_EQ(only_message(codec, grpc("broken", 1))->plain, std::nullopt);
  const rules::PlainBody bomb{std::string(17 << 20, 'a'), {rules::ContentCoding::kGzip}};
  const auto bomb_text = rules::encode_body(bomb).value_or("");
  EXPECT_EQ(only_message(codec, grpc(bomb_text, 1))->plain, std::nullopt);
}

// The message is from the client: an Order.
TEST(GrpcCodec, MatchesFieldsAndReplacesByJsonWithDescriptors) {
  const Files files{{"api.pb", shop_descriptors()}};
  const std::string rule =
      "[[rule]]\nmatch = { field = { id = \"4*\", tags = \"y\" } }\nfault = { type = \"drop\" }";
  const auto config = config_with(files, "descriptors = \"api.pb\"\n" + rule, "grpc");
  const auto codec = codec_for(config.listeners.front());
  const auto& match = config.rules.front().match;
  const auto read = [&](const std::string& order) {
    return codec->reader(rules::Direction::kUpstream)
        .next(codecs::bytes_of(grpc(order)), true)
        .ended.value();
  };
  const auto matches = [&](const std::string& order) {
    const auto message = read(order);
    return match.matches(*message.message, message.payload, nullptr);
  };
  EXPECT_TRUE(matches(pb_text(1, "47") + pb_text(4, "x") + pb_text(4, "y")));
  EXPECT_FALSE(matches(pb_text(1, "57") + pb_text(4, "y")));
  EXPECT_FALSE(matches(pb_text(1, "47")));
  EXPECT_FALSE(matches("no order"));
  const auto message = read(pb_text(1, "47"));
  const auto chunk = rules::Chunk::of(message.payload, message.message);
  const auto other = rules::with_text(chunk, R"({"id": "1"})");
  ASSERT_TRUE(other);
  EXPECT_EQ(codecs::text_of(codec->write(*other, rules::Direction::kUpstream)),
            grpc(pb_text(1, "1")));
  EXPECT_FALSE(rules::with_text(chunk, "no JSON"));
  EXPECT_EQ(first_problem_with(files, rule, "grpc"),
            "no listener that the rule matches has descriptors of its messages");
  EXPECT_EQ(first_problem_with({}, "descriptors = \"api.pb\"\n", "grpc"),
            "descriptors: api.pb: No such file or directory");
  EXPECT_EQ(first_problem_with(files, "descriptors = \"api.pb\"\n", "sse"),
            "descriptors is only for listeners with protocol = \"grpc\"");
}

TEST(GrpcCodec, ReportsATextThatDoesNotFitItsType) {
  const Files files{{"api.pb", shop_descriptors()}};
  const auto config = config_with(files,
                                  "descriptors = \"api.pb\"\n[[rule]]\nname = \"r\"\n"
                                  "fault = { type = \"replace\", text = '{\"no\": 1}' }\n",
                                  "grpc");
  const auto set = rules::RuleSet::activate(config.rules, 1, {});
  struct Owner final : messages::MessageTunnel::Owner {
    void tunnel_bytes(rules::Direction, codecs::ByteView bytes) override {
      sent += codecs::text_of(bytes);
    }
    void tunnel_finished(rules::Direction) override {}
    void tunnel_closed(rules::Close) override {}
    void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {
      sent += "<injected>";
    }
    void tunnel_report(std::string_view event, std::string_view why) override {
      reports += std::string(event) + ": " + std::string(why) + "\n";
    }
    std::string sent;
    std::string reports;
  } owner;
  messages::MessageTunnel tunnel(owner, codec_for(config.listeners.front()), flow_of());
  tunnel.set_rules(*set, {});
  const auto order = grpc(pb_text(1, "47"));
  tunnel.push(rules::Direction::kUpstream, codecs::bytes_of(order + order), {});
  EXPECT_EQ(owner.sent, order + order);
  EXPECT_EQ(owner.reports,
            "message unchanged: rule \"r\": the text of the rule cannot be converted to the type "
            "of the message\n");
}

// Servers send no requests, so `first` counts those of clients.
TEST(GrpcCodec, RejectCountsWhatClientsSend) {
  MessageLab lab("grpc", "[[rule]]\nmatch = { first = 1 }\nfault = { type = \"reject\" }");
  lab.from_server(grpc("hello"));
  EXPECT_EQ(lab.at_client(), grpc("hello"));
  lab.from_client(grpc("order"));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.injected, 1);
}

TEST(GrpcCodec, ReportsViolations) {
  const std::string rule = "[[rule]]\nmatch = { text = \"x\" }\nfault = { type = \"drop\" }";
  MessageLab flags("grpc", rule);
  flags.from_client(grpc("one") + grpc("two", 0x80));
  EXPECT_EQ(flags.at_server(), grpc("one") + grpc("two", 0x80));
  EXPECT_EQ(flags.reports, "not gRPC: a message with unknown flags\n");
  MessageLab lengthy("grpc", rule);
  lengthy.from_client(std::string("\0\x02\0\0\0abc", 8));
  EXPECT_EQ(lengthy.at_server(), std::string("\0\x02\0\0\0abc", 8));
  EXPECT_EQ(lengthy.reports, "not gRPC: a message of more than 16 MiB\n");
  // A rule that cannot match by the call lets even such a message pass.
  MessageLab other("grpc", "[[rule]]\nmatch = { rpc = \"x\" }\nfault = { type = \"drop\" }");
  other.from_client(std::string("\0\x02\0\0\0abc", 8));
  EXPECT_EQ(other.at_server(), std::string("\0\x02\0\0\0abc", 8));
  EXPECT_EQ(other.reports, "");
}

TEST(GrpcCodec, ReadsTheTrailersOfGrpcWeb) {
  const auto exchange = call_of("application/grpc-web+proto");
  messages::GrpcCodec codec(exchange);
  const auto message = only_message(codec, grpc("Grpc-Status: 8\r\ngrpc-message: x\r\n", 0x80));
  ASSERT_NE(message, nullptr);
  EXPECT_TRUE(message->trailers);
  EXPECT_EQ(message->status, 8);
  EXPECT_EQ(only_message(codec, grpc("", 0x80))->status, std::nullopt);
  EXPECT_EQ(only_message(codec, grpc("a"))->trailers, false);
}

TEST(GrpcCodec, AnswersInTrailers) {
  for (const auto& type : {"application/grpc", "application/grpc-web"}) {
    const auto exchange = call_of(type);
    messages::GrpcCodec codec(exchange);
    EXPECT_EQ(codec.answer(), nullptr);
    auto view = std::make_shared<rules::GrpcMessage>();
    view->trailers = true;
    const auto lines = rules::grpc_trailers(14, "50% \xc3\xa4");
    EXPECT_EQ(lines, "grpc-status: 14\r\ngrpc-message: 50%25 %C3%A4\r\n");
    const auto chunk = rules::message_chunk(rules::GrpcMessage::protocol(), view, lines);
    EXPECT_TRUE(codec.write(chunk, rules::Direction::kDownstream).empty());
    ASSERT_NE(codec.answer(), nullptr);
    const std::vector<rules::HttpHeader> trailers{{"grpc-status", "14"},
                                                  {"grpc-message", "50%25 %C3%A4"}};
    EXPECT_EQ(codec.answer()->trailers, trailers);
    const bool web = exchange.request_type == "application/grpc-web";
    EXPECT_EQ(codecs::text_of(codec.answer()->body), web ? grpc(lines, 0x80) : "");
  }
}

}  // namespace
}  // namespace brownout::test
