// Tests how streams and connections end: resets by either side, GOAWAY, and refused streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using testing::HasSubstr;

TEST(Http2Shutdown, EitherSideResetsAStream) {
  Http2Lab lab;
  for (const StreamId id : {1, 3}) {
    EXPECT_EQ(lab.client.session.send_request(h2_request("POST", "/"), "https", "", false), id);
  }
  lab.run();
  lab.server.take_log();
  lab.client.session.send_data(1, bytes_of("not sent"));
  lab.client.session.reset(1, 8);
  lab.server.session.reset(3, 7);
  EXPECT_EQ(lab.client.session.queued(1), 0U);
  lab.run();
  EXPECT_EQ(lab.server.take_log(), "reset 1 8\nclosed 1\nclosed 3\n");
  EXPECT_EQ(lab.client.take_log(), "closed 1\nreset 3 7 refused\nclosed 3\n");
}

// Before it knows the limit, a client may open more streams; the server refuses them.
TEST(Http2Shutdown, StreamsBeyondTheLimitAreRefused) {
  Session::Options two;
  two.max_concurrent_streams = 2;
  Http2Lab lab(two);
  for (int i = 0; i < 4; ++i) {
    EXPECT_GT(lab.client.session.send_request(h2_request("GET", "/"), "https", "", true), 0);
  }
  lab.run();
  EXPECT_EQ(lab.server.session.open_streams(), 2U);
  EXPECT_EQ(lab.client.take_log(), "reset 5 7 refused\nclosed 5\nreset 7 7 refused\nclosed 7\n");
}

TEST(Http2Shutdown, ShutDownLetsOpenStreamsGoOn) {
  for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
    Http2Lab lab;
    auto& client = lab.client.session;
    auto& server = lab.server.session;
    client.send_request(h2_request("GET", "/"), "https", "", true);
    lab.run(seed);
    server.shut_down();
    server.shut_down();
    EXPECT_FALSE(server.over());
    // This request crosses the GOAWAY.
    EXPECT_EQ(client.send_request(h2_request("GET", "/late"), "https", "", true), 3);
    lab.run(seed);
    EXPECT_EQ(lab.client.take_log(),
              "goaway 1 0\nreset 3 7 refused: a stream above the last one of GOAWAY\nclosed 3\n");
    EXPECT_THAT(lab.server.take_log(), testing::Not(HasSubstr("late")));
    EXPECT_FALSE(client.accepts_request());
    EXPECT_EQ(client.send_request(h2_request("GET", "/"), "https", "", true), 0);
    EXPECT_FALSE(client.over());
    server.send_response(1, h2_response(200), true);
    lab.run(seed);
    EXPECT_EQ(lab.client.take_log(), "head 1 HTTP/2 200 OK ended\nclosed 1\n");
    EXPECT_TRUE(client.over());
    EXPECT_TRUE(server.over());
    EXPECT_FALSE(server.wants_output());
  }
}

TEST(Http2Shutdown, RequestsThatArriveAfterShutDownAreRefused) {
  H2Raw raw(Session::Role::kServer);
  raw.answer(h2_frame(kHeaders, kEndHeaders, 1, h2_block(h2_get())));
  raw.peer.session.shut_down();
  // GOAWAY is not in the output yet.
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kEndHeaders | kEndStream, 3, h2_block(h2_get()))),
            "GOAWAY 0 1 0\nRST_STREAM 3 7\n");
  // Later ones are ignored.
  EXPECT_EQ(raw.answer(h2_frame(kHeaders, kEndHeaders | kEndStream, 5, h2_block(h2_get()))), "");
  EXPECT_EQ(raw.peer.take_log(), "head 1 GET / HTTP/2 [host: a.example] https\n");
  EXPECT_EQ(raw.peer.session.open_streams(), 1U);
}

TEST(Http2Shutdown, AClientShutsDownAfterItHasResetItsOnlyRequest) {
  Http2Lab lab;
  auto& client = lab.client.session;
  client.send_request(h2_request("GET", "/"), "https", "", true);
  client.reset(1, 8);
  client.shut_down();
  lab.run();
  EXPECT_EQ(lab.client.take_log(), "closed 1\n");
  EXPECT_EQ(lab.server.take_log(), "goaway 0 0\n");
  EXPECT_TRUE(client.over());
}

TEST(Http2Shutdown, AClientShutsDown) {
  Http2Lab lab;
  auto& client = lab.client.session;
  client.send_request(h2_request("GET", "/"), "https", "", true);
  client.shut_down();
  EXPECT_FALSE(client.accepts_request());
  lab.run();
  EXPECT_EQ(lab.server.take_log(),
            "head 1 GET / HTTP/2 [host: a.example] https ended\ngoaway 0 0\n");
  lab.server.session.send_response(1, h2_response(200), true);
  lab.run();
  EXPECT_TRUE(client.over());
  EXPECT_TRUE(lab.server.session.over());
}

// A server that has responded may ask the client to stop sending (RFC 9113, 8.1).
TEST(Http2Shutdown, AResetWithoutErrorComesBehindTheEnd) {
  for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
    Session::Options small;
    small.stream_window = 1000;
    Http2Lab lab({}, small);
    lab.client.logs_data = false;
    lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
    lab.run(seed);
    auto& server = lab.server.session;
    server.send_response(1, h2_response(200), false);
    server.send_data(1, bytes_of(h2_pattern(30'000)));
    server.send_end(1, {});
    server.reset(1, 0);
    lab.run(seed);
    EXPECT_EQ(lab.client.bodies[1], h2_pattern(30'000));
    EXPECT_EQ(lab.client.take_log(), "head 1 HTTP/2 200 OK\nend 1\nreset 1 0\nclosed 1\n");
    EXPECT_THAT(lab.server.take_log(), testing::EndsWith("closed 1\n"));
  }
}

// The Owner may reset a stream from any event. No event follows but on_closed().
TEST(Http2Shutdown, AnOwnerMayResetFromEveryEvent) {
  for (const std::string at : {"head", "data", "end"}) {
    for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
      Http2Lab lab;
      lab.server.logs_data = false;
      bool was_reset = false;
      lab.server.on_event = [&](const std::string& event, StreamId id) {
        EXPECT_TRUE(!was_reset || event == "closed") << event;
        if (event != at) return;
        was_reset = true;
        lab.server.session.reset(id, 11);
        lab.server.session.send_response(id, h2_response(200), true);
        lab.server.session.send_data(id, bytes_of("x"));
      };
      lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
      lab.client.session.send_data(1, bytes_of(h2_pattern(50'000)));
      lab.client.session.send_end(1, {});
      lab.run(seed);
      EXPECT_THAT(lab.client.take_log(), testing::EndsWith("reset 1 11\nclosed 1\n"));
      EXPECT_THAT(lab.server.take_log(), testing::EndsWith("closed 1\n"));
      EXPECT_EQ(lab.server.session.open_streams(), 0U);
    }
  }
}

TEST(Http2Shutdown, NothingIsReadAfterGoawayIfNoStreamIsOpen) {
  H2Raw raw(Session::Role::kServer);
  const auto goaway = h2_frame(kGoaway, 0, 0, std::string(8, '\0'));
  EXPECT_EQ(raw.answer(goaway + h2_frame(kPriority, 0, 0, "12345") +
                       h2_frame(kHeaders, kEndHeaders | kEndStream, 1, h2_block(h2_get()))),
            "");
  EXPECT_EQ(raw.peer.take_log(), "goaway 0 0\n");
  EXPECT_TRUE(raw.peer.session.over());
}

}  // namespace
}  // namespace brownout::test
