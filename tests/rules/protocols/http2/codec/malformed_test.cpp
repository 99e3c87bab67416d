// Tests malformed messages, which end their stream, and broken frames, which end the connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kHead = kEndHeaders;
constexpr int kWholeHead = kEndHeaders | kEndStream;

// Returns the events and the answer of a server to a request.
std::pair<std::string, std::string> server_on(const H2Fields& fields,
                                              const std::string& more = "") {
  H2Raw raw(Session::Role::kServer);
  const auto answer =
      raw.answer(h2_frame(kHeaders, more.empty() ? kWholeHead : kHead, 1, h2_block(fields)) + more);
  return {raw.peer.take_log(), answer};
}

std::pair<std::string, std::string> client_on(const std::string& frames,
                                              const std::string& method = "GET") {
  H2Raw raw(Session::Role::kClient);
  raw.peer.session.send_request(h2_request(method, "/"), "https", "", true);
  raw.peer.output();
  const auto answer = raw.answer(frames);
  return {raw.peer.take_log(), answer};
}

H2Fields without(const std::string& name) {
  auto fields = h2_get();
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}

H2Fields with(const std::string& name, const std::string& value) {
  auto fields = h2_get();
  for (auto& field : fields) {
    if (field.first == name) field.second = value;
  }
  return fields;
}

TEST(Http2Malformed, RequestsEndTheirStream) {
  const std::vector<H2Fields> all{
      without(":method"),
      without(":scheme"),
      without(":path"),
      without(":authority"),
      h2_get() + H2Fields{{":path", "/"}},
      h2_get() + H2Fields{{"x", "y"}, {":extra", "z"}},
      H2Fields{{"x", "y"}} + h2_get(),
      h2_get() + H2Fields{{":status", "200"}},
      h2_get() + H2Fields{{":protocol", "websocket"}},
      with(":path", ""),
      with(":path", "x"),
      with(":path", "*"),
      with(":path", "/a b"),
      with(":method", "G T"),
      with(":scheme", ""),
      with(":authority", ""),
      with(":authority", "user@a.example"),
      with(":scheme", "ftp") + H2Fields{{":path", "x"}},
      h2_get() + H2Fields{{"host", "other.example"}},
      h2_get() + H2Fields{{"host", "a.example"}, {"host", "a.example"}},
      h2_get() + H2Fields{{"host", "a.example:80"}},
      without(":authority") + H2Fields{{"host", "a"}, {"host", "b"}},
      h2_get() + H2Fields{{"Upper", "x"}},
      h2_get() + H2Fields{{"a b", "x"}},
      h2_get() + H2Fields{{"", "x"}},
      h2_get() + H2Fields{{"x", "a\rb"}},
      h2_get() + H2Fields{{"x", "a\nb"}},
      h2_get() + H2Fields{{"x", std::string("a\0b", 3)}},
      h2_get() + H2Fields{{"x", " a"}},
      h2_get() + H2Fields{{"x", "a\t"}},
      h2_get() + H2Fields{{"connection", "close"}},
      h2_get() + H2Fields{{"keep-alive", "1"}},
      h2_get() + H2Fields{{"proxy-connection", "close"}},
      h2_get() + H2Fields{{"transfer-encoding", "chunked"}},
      h2_get() + H2Fields{{"upgrade", "h2c"}},
      h2_get() + H2Fields{{"te", "gzip"}},
      h2_get() + H2Fields{{"te", "trailers, gzip"}},
      h2_get() + H2Fields{{"content-length", "1"}},  // there is no body
      h2_get() + H2Fields{{"content-length", "x"}},
      h2_get() + H2Fields{{"content-length", "-1"}},
      h2_get() + H2Fields{{"content-length", "0"}, {"content-length", "0"}},
      {{":method", "CONNECT"}},
      {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}},
      {{":method", "CONNECT"}, {":authority", "a:1"}, {":scheme", "https"}},
      {{":method", "CONNECT"}, {":protocol", "websocket"}, {":authority", "a:1"}},
      {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/"}},
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [log, answer] = server_on(all[i]);
    EXPECT_THAT(log, AllOf(StartsWith("reset 1 1: "), EndsWith("\nclosed 1\n"))) << i;
    EXPECT_EQ(answer, "RST_STREAM 1 1\n") << i;
  }
}

TEST(Http2Malformed, RequestsThatAreUnusualButCorrect) {
  for (const auto& fields :
       {h2_get() + H2Fields{{"te", "trailers"}}, h2_get() + H2Fields{{"content-length", "0"}},
        h2_get() + H2Fields{{"x", ""}, {"x-y", "\x80"}},
        without(":authority") + H2Fields{{"host", "a"}}, with(":scheme", "coap"),
        H2Fields{
            {":method", "OPTIONS"}, {":scheme", "https"}, {":authority", "a"}, {":path", "*"}}}) {
    const auto [log, answer] = server_on(fields);
    EXPECT_THAT(log, StartsWith("head 1 "));
    EXPECT_EQ(answer, "");
  }
}

TEST(Http2Malformed, ABodyMustMatchContentLength) {
  const auto fields = h2_get() + H2Fields{{"content-length", "4"}};
  for (const auto& body :
       {h2_frame(kData, kEndStream, 1, "abc"), h2_frame(kData, 0, 1, "abcde"),
        h2_frame(kData, 0, 1, "abc") + h2_frame(kData, kEndStream, 1, "de"),
        h2_frame(kData, 0, 1, "abc") + h2_frame(kHeaders, kWholeHead, 1, h2_block({{"t", "1"}}))}) {
    const auto [log, answer] = server_on(fields, body);
    EXPECT_THAT(log,
                AllOf(HasSubstr("reset 1 1: "), EndsWith("closed 1\n"), Not(HasSubstr("end 1"))));
    EXPECT_EQ(answer, "RST_STREAM 1 1\n");
  }
  const auto [log, answer] = server_on(fields, h2_frame(kData, kEndStream, 1, "abcd"));
  EXPECT_THAT(log, EndsWith("data 1 abcd\nend 1\n"));
}

TEST(Http2Malformed, TrailersHaveNoPseudoHeadersAndEndTheStream) {
  for (const auto& trailers : {h2_frame(kHeaders, kWholeHead, 1, h2_block({{":path", "/"}})),
                               h2_frame(kHeaders, kWholeHead, 1, h2_block({{":status", "200"}})),
                               h2_frame(kHeaders, kWholeHead, 1, h2_block({{"Upper", "1"}})),
                               h2_frame(kHeaders, kWholeHead, 1, h2_block({{"connection", "x"}})),
                               h2_frame(kHeaders, kHead, 1, h2_block({{"t", "1"}}))}) {
    const auto [log, answer] = server_on(h2_get(), h2_frame(kData, 0, 1, "x") + trailers);
    EXPECT_THAT(log, AllOf(HasSubstr("data 1 x\nreset 1 1: "), EndsWith("closed 1\n")));
    EXPECT_EQ(answer, "RST_STREAM 1 1\n");
  }
}

TEST(Http2Malformed, ResponsesEndTheirStream) {
  const std::vector<std::string> all{
      h2_frame(kHeaders, kHead, 1, h2_block({{"x", "y"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "20"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "2000"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "abc"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "099"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "101"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "200"}, {":status", "200"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "200"}, {":path", "/"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "200"}, {"connection", "close"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "200"}, {"x", "a\nb"}})),
      h2_frame(kHeaders, kWholeHead, 1, h2_block({{":status", "103"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "103"}})) + h2_frame(kData, 0, 1, "x"),
      h2_frame(kHeaders, kWholeHead, 1, h2_block({{":status", "200"}, {"content-length", "1"}})),
      h2_frame(kHeaders, kHead, 1, h2_block({{":status", "204"}})) + h2_frame(kData, 0, 1, "x"),
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [log, answer] = client_on(all[i]);
    EXPECT_THAT(log, AllOf(HasSubstr("reset 1 1: "), EndsWith("closed 1\n"))) << i;
    EXPECT_EQ(answer, "RST_STREAM 1 1\n") << i;
  }
  const auto [log, answer] = client_on(
      h2_frame(kHeaders, kWholeHead, 1, h2_block({{":status", "200"}, {"content-length", "9"}})),
      "HEAD");
  EXPECT_EQ(log, "head 1 HTTP/2 200 OK [content-length: 9] ended\nclosed 1\n");
}

TEST(Http2Malformed, TheConnectionGoesOnAfterAStreamError) {
  H2Raw raw(Session::Role::kServer);
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kWholeHead, 1, h2_block(without(":path"))) +
                       h2_frame(kHeaders, kWholeHead, 3, h2_block(h2_get()))),
            "RST_STREAM 1 1\n");
  EXPECT_THAT(raw.peer.take_log(),
              HasSubstr("head 3 GET / HTTP/2 [host: a.example] https ended\n"));
}

TEST(Http2Malformed, BrokenFramesEndTheConnection) {
  const auto request = h2_frame(kHeaders, kWholeHead, 1, h2_block(h2_get()));
  const auto open = h2_frame(kHeaders, kHead, 1, h2_block(h2_get()));
  struct Case {
    std::string frames;
    int code;
  };
  const std::vector<Case> all{
      {h2_frame(kData, 0, 0, "x"), 1},
      {h2_frame(kData, 0, 1, "x"), 1},  // idle
      {h2_frame(kHeaders, kWholeHead, 0, h2_block(h2_get())), 1},
      {h2_frame(kHeaders, kWholeHead, 2, h2_block(h2_get())), 1},  // id of a server
      {h2_frame(kHeaders, kWholeHead, 1, "\x80"), 9},              // index 0
      {h2_frame(kHeaders, kWholeHead | kPadded, 1,
                "\x05"
                "a"),
       1},
      {h2_frame(kData, 0, 1, std::string(16'385, 'x')), 6},
      {h2_frame(kRst, 0, 1, h2_number(0)), 1},  // idle
      {h2_frame(kRst, 0, 0, h2_number(0)), 1},
      {h2_frame(kRst, 0, 1, "x"), 6},
      {h2_frame(kSettings, 0, 1), 1},
      {h2_frame(kSettings, 0, 0, "x"), 6},
      {h2_frame(kSettings, kAck, 0, h2_setting(1, 1)), 6},
      {h2_frame(kSettings, 0, 0, h2_setting(2, 2)), 1},
      {h2_frame(kSettings, 0, 0, h2_setting(4, 0x80000000U)), 3},
      {h2_frame(kSettings, 0, 0, h2_setting(5, 16'383)), 1},
      {h2_frame(kPing, 0, 1, "12345678"), 1},
      {h2_frame(kPing, 0, 0, "1234567"), 6},
      {h2_frame(kGoaway, 0, 1, std::string(8, '\0')), 1},
      {h2_frame(kGoaway, 0, 0, "x"), 6},
      {h2_frame(kWindow, 0, 0, h2_number(0)), 1},
      {h2_frame(kWindow, 0, 0, h2_number(0x7fffffff)), 3},
      {h2_frame(kWindow, 0, 0, "x"), 6},
      {h2_frame(kWindow, 0, 1, h2_number(1)), 1},  // idle
      {h2_frame(kPriority, 0, 0, "12345"), 1},
      {h2_frame(kPriority, 0, 1, "1234"), 6},
      {h2_frame(kPush, kEndHeaders, 1, h2_number(2)), 1},
      {h2_frame(kCont, kEndHeaders, 1, "x"), 1},
      {h2_frame(kHeaders, 0, 1) + h2_frame(kPing, 0, 0, "12345678"), 1},
      {h2_frame(kHeaders, 0, 1) + h2_frame(kCont, kEndHeaders, 3), 1},
      {request + h2_frame(kData, 0, 1, "x"), 5},
      {request + h2_frame(kHeaders, kWholeHead, 1, h2_block({{"t", "1"}})), 5},
      {open + h2_frame(kData, kPadded, 1,
                       "\x02"
                       "x"),
       1},
      {h2_frame(kH2PriorityUpdate, 0, 1, h2_number(1) + "u=1"), 1},
      {h2_frame(kH2PriorityUpdate, 0, 0, h2_number(0) + "u=1"), 1},
      {h2_frame(kH2PriorityUpdate, 0, 0, "x"), 6},
      {h2_frame(kH2PriorityUpdate, 0, 0), 6},
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    H2Raw raw(Session::Role::kServer);
    const auto answer = raw.answer(all[i].frames);
    EXPECT_THAT(answer, EndsWith(" " + std::to_string(all[i].code) + "\n")) << i;
    EXPECT_THAT(answer, HasSubstr("GOAWAY ")) << i;
    const auto log = raw.peer.take_log();
    EXPECT_THAT(log, HasSubstr("failed 0 ")) << i;
    EXPECT_TRUE(raw.peer.session.over()) << i;
    EXPECT_FALSE(raw.peer.session.wants_output()) << i;
    // Nothing has an effect any more.
    EXPECT_EQ(raw.answer(h2_frame(kPing, 0, 0, "12345678")), "") << i;
    EXPECT_EQ(raw.peer.take_log(), "") << i;
  }
}

TEST(Http2Malformed, AClientMustBeginWithThePreface) {
  H2Peer server(Session::Role::kServer);
  server.receive("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(server.take_log(), "failed 0 the client does not begin with the preface of HTTP/2\n");
  EXPECT_EQ(h2_frames(server.output()), "SETTINGS 0\nGOAWAY 0 0 1\n");
  H2Peer other(Session::Role::kServer);
  other.receive(std::string(kH2Preface) + h2_frame(kPing, 0, 0, "12345678"));
  EXPECT_THAT(h2_frames(other.output()), EndsWith("GOAWAY 0 0 1\n"));
  EXPECT_THAT(other.take_log(), StartsWith("failed 0 "));
}

TEST(Http2Malformed, FramesBehindTheEndOfAStream) {
  for (const auto& late :
       {h2_frame(kData, 0, 1, "x"), h2_frame(kHeaders, kWholeHead, 1, h2_block({{"t", "1"}}))}) {
    H2Raw raw(Session::Role::kServer);
    raw.answer(h2_frame(kHeaders, kWholeHead, 1, h2_block(h2_get())));
    raw.peer.session.send_response(1, h2_response(200), true);
    raw.peer.output();
    EXPECT_EQ(raw.answer(late), "GOAWAY 0 1 5\n");
    EXPECT_THAT(raw.peer.take_log(), HasSubstr("failed 0 a frame behind the end of its stream\n"));
    // A reset stream may be reset again, since frames cross.
    H2Raw other(Session::Role::kServer);
    other.answer(h2_frame(kHeaders, kHead, 1, h2_block(h2_get())) +
                 h2_frame(kRst, 0, 1, h2_number(8)));
    EXPECT_EQ(other.answer(late), "RST_STREAM 1 5\n");
    EXPECT_THAT(other.peer.take_log(), Not(HasSubstr("failed")));
  }
}

TEST(Http2Malformed, StreamIdsOnlyRise) {
  const auto request = [](StreamId id) {
    return h2_frame(kHeaders, kWholeHead, id, h2_block(h2_get()));
  };
  for (const StreamId id : {1, 3, 7, 9}) {
    H2Raw raw(Session::Role::kServer);
    EXPECT_EQ(raw.answer(request(5) + request(11)), "");
    EXPECT_EQ(raw.answer(request(id)), "GOAWAY 0 11 1\n");
    EXPECT_THAT(raw.peer.take_log(),
                EndsWith("failed 0 a stream id that is lower than an earlier one\n"));
  }
  H2Raw last(Session::Role::kServer);
  EXPECT_EQ(last.answer(request(0x7fffffff)), "");
  EXPECT_EQ(last.answer(request(0x7ffffffd)), "GOAWAY 0 2147483647 1\n");
  // A head for a stream that was reset long ago may still arrive.
  H2Raw raw(Session::Role::kServer);
  for (StreamId id = 1; id < 200; id += 2) {
    raw.answer(h2_frame(kHeaders, kHead, id, h2_block(h2_get())));
    raw.peer.session.reset(id, 8);
  }
  raw.answer("");
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kWholeHead, 1, h2_block({{"t", "1"}}))), "");
}

TEST(Http2Malformed, FramesThatCrossAResetAreIgnored) {
  H2Raw raw(Session::Role::kServer);
  raw.answer(h2_frame(kHeaders, kHead, 1, h2_block(h2_get())));
  raw.peer.session.reset(1, 8);
  EXPECT_EQ(h2_frames(raw.peer.output()), "RST_STREAM 1 8\n");
  raw.peer.take_log();
  EXPECT_EQ(raw.answer(h2_frame(kData, 0, 1, "x") + h2_frame(kWindow, 0, 1, h2_number(1)) +
                       h2_frame(kHeaders, kWholeHead, 1, h2_block({{"t", "1"}})) +
                       h2_frame(kRst, 0, 1, h2_number(8))),
            "");
  EXPECT_EQ(raw.peer.take_log(), "");
}

TEST(Http2Malformed, PushIsRefused) {
  const auto push = h2_frame(kPush, kEndHeaders, 1, h2_number(2) + h2_block(h2_get()));
  EXPECT_EQ(client_on(push).second, "GOAWAY 0 0 1\n");
  // Before it knows that push is off, a server may push.
  H2Peer client(Session::Role::kClient);
  client.session.send_request(h2_request("GET", "/"), "https", "", true);
  client.output();
  client.receive(h2_frame(kSettings, 0, 0) + push);
  EXPECT_EQ(h2_frames(client.output()), "SETTINGS 0 ack\nRST_STREAM 2 8\n");
}

TEST(Http2Malformed, AWindowThatIsTooLargeEndsItsStream) {
  H2Raw raw(Session::Role::kServer);
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kHead, 1, h2_block(h2_get())) +
                       h2_frame(kWindow, 0, 1, h2_number(0x7fffffff))),
            "RST_STREAM 1 3\n");
  EXPECT_THAT(raw.peer.take_log(), HasSubstr("reset 1 3: "));
}

TEST(Http2Malformed, MoreDataThanTheWindowEndsItsStream) {
  Session::Options small;
  small.stream_window = 10;
  H2Raw raw(Session::Role::kServer, small);
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kHead, 1, h2_block(h2_get())) +
                       h2_frame(kData, 0, 1, std::string(11, 'x'))),
            "RST_STREAM 1 3\n");
  EXPECT_THAT(raw.peer.take_log(),
              HasSubstr("reset 1 3: more data than the window allows (RFC 9113, 6.9)\nclosed 1\n"));
}

TEST(Http2Malformed, UnknownFramesAndSettingsAreIgnored) {
  H2Raw raw(Session::Role::kServer);
  EXPECT_EQ(raw.answer(h2_frame(99, 255, 0, "x") + h2_frame(kSettings, 0, 0, h2_setting(99, 1)) +
                       h2_frame(kPriority, 0, 5, "12345")),
            "SETTINGS 0 ack\n");
  EXPECT_EQ(raw.peer.take_log(), "");
}

}  // namespace
}  // namespace brownout::test
