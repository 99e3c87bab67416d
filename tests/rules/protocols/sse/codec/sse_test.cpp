// Tests event streams (protocol = "sse") in a MessageTunnel, with input cut into pieces of several
// sizes.
#include <gtest/gtest.h>

#include <array>

#include "rules/protocols/sse/codec/sse_codec.h"
#include "rules/protocols/sse/codec/sse_text.h"
#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::SseKind;

const std::array kSseStreams = std::to_array<std::string>(
    {"data: one\n\ndata: two\n\n", "data: one\r\n\r\ndata: two\r\n\r\n",
     "data: one\r\rdata: two\r\r",
     "\xef\xbb\xbf"
     "data: one\n\n",
     "\xef\xbb"
     "data: one\n\n",
     "\xef\xbb\n\n", ":\n:\n\n\n:ping\r\n\r\n", "\n\n\n", "\r\r\r", "\r\n\r\n",
     "data: one\n\r\ndata: two\r\n\n\r", "id: 7\ndata: one\n\ndata: half",
     "retry: 10\r\n\r\ndata\n\n:last", std::string("id: a\0b\n\n", 9), "data: one\r\n\r", ""});

// The messages that a codec finds, one per line: kind, type, id and payload.
std::string events_of(std::string_view stream, std::size_t piece) {
  messages::SseCodec codec("");
  auto& reader = codec.reader(rules::Direction::kDownstream);
  std::string log;
  std::string wire;
  const auto add = [&](const messages::ReadMessage& read) {
    const auto& is = *rules::view_as<rules::SseMessage>(read.message.get());
    log += std::to_string(static_cast<int>(is.kind)) + " " + std::string(is.type) + " " +
           (is.has_id ? "#" + is.id : "") + " " + std::string(codecs::text_of(read.payload)) + "\n";
    wire += codecs::text_of(read.message->wire);
  };
  for (auto rest = stream; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
    for (auto bytes = codecs::bytes_of(rest.substr(0, piece)); !bytes.empty();) {
      auto step = reader.next(bytes, true);
      bytes = bytes.subspan(step.taken);
      if (step.ended) add(*step.ended);
    }
  }
  if (const auto at_end = reader.last()) add(*at_end);
  wire += codecs::text_of(reader.rest());
  EXPECT_EQ(wire, stream);
  return log;
}

TEST(SseCodec, FindsTheSameEventsHoweverTheStreamIsCut) {
  for (const auto& stream : kSseStreams) {
    const auto whole = events_of(stream, 1000);
    for (const std::size_t piece : {1U, 2U, 3U, 5U}) {
      EXPECT_EQ(events_of(stream, piece), whole) << stream << " in pieces of " << piece;
    }
  }
}

TEST(SseCodec, PassesUnmatchedEventsUnchanged) {
  const std::string elsewhere =
      "[[rule]]\nmatch = { text = \"none such\" }\nfault = { type = \"drop\" }";
  for (const auto& stream : kSseStreams) {
    for (const auto& rules : {std::string(), elsewhere}) {
      for (const std::size_t piece : {1U, 2U, 3U, 1000U}) {
        MessageLab lab("sse", rules, "", piece);
        lab.from_server(stream);
        lab.server_finishes();
        EXPECT_EQ(lab.at_client(), stream) << "in pieces of " << piece;
        EXPECT_EQ(lab.reports, "");
      }
    }
  }
}

TEST(SseCodec, ReadsFieldsAsTheStandardSays) {
  rules::SseMessage event;
  EXPECT_EQ(codecs::read_sse("event:add\ndata:  two\ndata\nid: 7\nretry: 10\nretry: x\nfoo: 1\n\n",
                             event),
            " two\n");
  EXPECT_EQ(event.kind, SseKind::kEvent);
  EXPECT_EQ(event.event(), "add");
  EXPECT_EQ(event.id, "7");
  EXPECT_EQ(event.retry, "10");
  rules::SseMessage unnamed;
  EXPECT_EQ(codecs::read_sse("data: a:b\r\n\r\n", unnamed), "a:b");
  EXPECT_EQ(unnamed.event(), "message");
  EXPECT_FALSE(unnamed.has_id);
  rules::SseMessage comment;
  EXPECT_EQ(codecs::read_sse("\n: ping\n", comment), " ping");
  EXPECT_EQ(comment.kind, SseKind::kComment);
  rules::SseMessage fields;
  EXPECT_EQ(codecs::read_sse("id\n\n", fields), "");
  EXPECT_EQ(fields.kind, SseKind::kFields);
  EXPECT_TRUE(fields.has_id);
}

TEST(SseCodec, WritesDataOfSeveralLines) {
  rules::SseMessage event;
  event.type = "add";
  event.id = "7";
  event.has_id = true;
  EXPECT_EQ(codecs::write_sse(event, "a\r\nb\rc\n"),
            "id: 7\nevent: add\ndata: a\ndata: b\ndata: c\ndata: \n\n");
  EXPECT_EQ(codecs::write_sse({}, ""), "data: \n\n");
}

// A comment keeps the connection open, and the end of an event must not wait for the next event.
TEST(SseCodec, DeliversEachMessageWithItsLastByte) {
  const std::string rule = "[[rule]]\nmatch = { id = \"x\" }\nfault = { type = \"drop\" }";
  for (const std::string stream :
       {": ping\n", "data: 1\n\n", "data: 1\r\n\r\n", "data: 1\r\r", "data: 1\n: ping\n\n"}) {
    MessageLab lab("sse", rule, "", 1);
    lab.from_server(stream);
    EXPECT_EQ(lab.at_client(), stream);
  }
  MessageLab lab("sse", rule, "", 1);
  lab.from_server("data: 1\r\n\r");
  EXPECT_EQ(lab.at_client(), "");
  lab.from_server("\n");
  EXPECT_EQ(lab.at_client(), "data: 1\r\n\r\n");
}

TEST(SseCodec, MatchesEventsByTheirFields) {
  MessageLab lab("sse", R"([[rule]]
match = { event = "price" }
fault = { type = "drop" }
[[rule]]
match = { id = "1*" }
fault = { type = "drop" }
[[rule]]
match = { text = "*secret*", last_event_id = "41" }
fault = { type = "drop" }
[[rule]]
match = { comment = true }
fault = { type = "drop" })");
  const std::string kept = "event: other\nid: 2\ndata: 2\n\n";
  lab.from_server("event: price\ndata: 1\n\n" + kept + "id: 12\ndata: 3\n\ndata: a secret\n\n:\n");
  EXPECT_EQ(lab.at_client(), kept);
  EXPECT_EQ(lab.injected, 4);
}

TEST(SseCodec, DelaysAndReplacesEvents) {
  MessageLab lab("sse", R"([[rule]]
match = { event = "message" }
fault = { type = "delay", delay = "2s" }
[[rule]]
match = { event = "price" }
fault = { type = "replace", text = "one\ntwo" })");
  lab.from_server("data: late\n\n");
  lab.pass(1s);
  EXPECT_EQ(lab.at_client(), "");
  lab.pass(1s);
  EXPECT_EQ(lab.at_client(), "data: late\n\n");
  lab.from_server("event: price\nid: 7\ndata: 1\n\n");
  EXPECT_EQ(lab.at_client(), "id: 7\nevent: price\ndata: one\ndata: two\n\n");
}

TEST(SseCodec, PassesAnEventThatIsTooLong) {
  MessageLab lab("sse", "[[rule]]\nmatch = { text = \"x\" }\nfault = { type = \"drop\" }");
  const std::string line = "data: " + std::string(1 << 20, 'a') + "\n";
  std::string sent;
  for (int i = 0; i < 17; ++i) {
    lab.from_server(line);
    sent += line;
  }
  EXPECT_EQ(lab.reports, "not an event stream: an event of more than 16 MiB\n");
  EXPECT_EQ(lab.at_client(), sent);
}

}  // namespace
}  // namespace brownout::test
