// Tests what faults do to a connection: GOAWAY, PING that is not answered, settings that change,
// and windows that do not open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using testing::HasSubstr;
using testing::Not;
using Role = Session::Role;

constexpr StreamId kHighest = 0x7fffffff;

std::string h2_ping(char c) { return h2_frame(kPing, 0, 0, std::string(8, c)); }

void open_stream(Http2Lab& lab) {
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.run();
  lab.client.take_log();
  lab.server.take_log();
}

TEST(Http2Controls, GoawayBelowAnOpenStreamRefusesIt) {
  Http2Lab lab;
  open_stream(lab);
  open_stream(lab);
  lab.server.session.send_goaway(1, 2);
  lab.run();
  EXPECT_EQ(lab.client.take_log(),
            "goaway 1 2\nreset 3 7 refused: a stream above the last one of GOAWAY\nclosed 3\n");
  EXPECT_EQ(lab.server.take_log(),
            "reset 3 7 refused: a stream above the last one of GOAWAY\nclosed 3\n");
  // The other stream goes on, and the id of the next GOAWAY is not higher (RFC 9113, 6.8).
  EXPECT_FALSE(lab.server.session.over());
  lab.server.session.send_goaway(kHighest, 0);
  EXPECT_EQ(h2_frames(lab.server.output()), "GOAWAY 0 1 0\n");
  lab.server.session.send_goaway(-1, 0);
  EXPECT_EQ(h2_frames(lab.server.output()), "GOAWAY 0 0 0\n");
}

TEST(Http2Controls, GoawayWithTheHighestIdOnlyWarns) {
  Http2Lab lab;
  open_stream(lab);
  lab.server.session.send_goaway(kHighest, 0);
  // A request that crosses it is processed.
  lab.client.session.send_request(h2_request("GET", "/x"), "https", "", true);
  lab.run();
  EXPECT_THAT(lab.server.take_log(), HasSubstr("head 3 GET /x"));
  EXPECT_EQ(lab.client.take_log(), "goaway 2147483647 0\n");
  EXPECT_FALSE(lab.client.session.accepts_request());
  lab.server.session.shut_down();
  lab.run();
  EXPECT_EQ(lab.client.take_log(), "goaway 3 0\n");
}

TEST(Http2Controls, IdsOfGoawayAreThoseOfThePeer) {
  H2Raw server(Role::kServer);
  server.peer.session.send_goaway(8, 0);
  EXPECT_EQ(server.answer(""), "GOAWAY 0 7 0\n");
  H2Raw client(Role::kClient);
  client.peer.session.send_goaway(kHighest, 1);
  EXPECT_EQ(client.answer(""), "GOAWAY 0 2147483646 1\n");
  EXPECT_FALSE(client.peer.session.accepts_request());
}

TEST(Http2Controls, HeldPingsAreAnsweredLater) {
  H2Raw raw(Role::kServer);
  EXPECT_EQ(raw.answer(h2_ping('a')), "PING 0 ack\n");
  raw.peer.session.hold_pings(true);
  EXPECT_EQ(raw.answer(h2_ping('b') + h2_ping('c')), "");
  EXPECT_FALSE(raw.peer.session.wants_output());
  raw.peer.session.hold_pings(false);
  const auto b = h2_frame(kPing, kAck, 0, "bbbbbbbb");
  const auto c = h2_frame(kPing, kAck, 0, "cccccccc");
  EXPECT_EQ(raw.peer.output(), b + c);
  EXPECT_EQ(raw.answer(h2_ping('d')), "PING 0 ack\n");
  raw.peer.session.hold_pings(true);
  for (std::size_t i = 0; i < Session::kHeldPings + 10; ++i) raw.peer.receive(h2_ping('e'));
  raw.peer.session.hold_pings(false);
  EXPECT_EQ(raw.peer.output().size(), Session::kHeldPings * 17);
}

TEST(Http2Controls, ALowerNumberOfStreams) {
  Http2Lab lab;
  lab.run();
  EXPECT_EQ(lab.client.peer_streams, 256U);
  lab.server.session.submit_settings({.max_concurrent_streams = 1});
  lab.run();
  EXPECT_EQ(lab.client.peer_streams, 1U);
  EXPECT_EQ(lab.client.session.send_request(h2_request("GET", "/"), "https", "", true), 1);
  EXPECT_FALSE(lab.client.session.accepts_request());
  lab.server.session.submit_settings({.max_concurrent_streams = 0});
  lab.run();
  lab.server.session.send_response(1, h2_response(200), true);
  lab.run();
  EXPECT_EQ(lab.client.session.open_streams(), 0U);
  EXPECT_FALSE(lab.client.session.accepts_request());
  lab.server.session.submit_settings({.max_concurrent_streams = 5});
  lab.run();
  EXPECT_TRUE(lab.client.session.accepts_request());
}

TEST(Http2Controls, AnotherInitialWindow) {
  Http2Lab lab;
  lab.server.takes = lab.server.logs_data = false;
  open_stream(lab);
  lab.server.session.submit_settings({.initial_window_size = 100});
  lab.run();
  lab.client.session.send_data(1, bytes_of(std::string(1000, 'x')));
  lab.run();
  EXPECT_EQ(lab.client.session.queued(1), 900U);
  lab.server.session.submit_settings({.initial_window_size = 0});
  lab.run();
  lab.server.session.submit_settings({.initial_window_size = 600});
  lab.run();
  EXPECT_EQ(lab.client.session.queued(1), 400U);
  lab.server.session.submit_settings({.initial_window_size = 0xffffffff});
  lab.run();
  EXPECT_EQ(lab.client.session.queued(1), 0U);
  EXPECT_THAT(lab.server.log + lab.client.log, Not(HasSubstr("failed")));
}

TEST(Http2Controls, AnotherFrameSizeAndHeaderTable) {
  Http2Lab lab;
  lab.run();
  lab.server.session.submit_settings({.header_table_size = 0, .max_frame_size = 1});
  const auto frame = lab.server.output();
  EXPECT_EQ(frame, h2_frame(kSettings, 0, 0, h2_setting(1, 0) + h2_setting(5, 16'384)));
  lab.client.receive(frame);
  lab.run();
  // Heads still arrive, without a dynamic table.
  for (const StreamId id : {1, 3, 5}) {
    const std::vector<rules::HttpHeader> headers{{"Host", "b"}, {"X", "y"}};
    EXPECT_EQ(lab.client.session.send_request(h2_request("GET", "/", headers), "https", "", true),
              id);
    lab.run();
    EXPECT_THAT(lab.server.take_log(), HasSubstr("[host: b][x: y]"));
    if (id == 3) lab.server.session.submit_settings({.header_table_size = 8192});
  }
  lab.server.session.submit_settings({.max_frame_size = 0xffffffff});
  EXPECT_EQ(lab.server.output(), h2_frame(kSettings, 0, 0, h2_setting(5, 16'777'215)));
  lab.server.session.submit_settings({});
  EXPECT_EQ(lab.server.output(), "");
}

TEST(Http2Controls, AHeldWindowOfAStream) {
  Session::Options small;
  small.stream_window = 10'000;
  Http2Lab lab(small);
  lab.server.logs_data = false;
  open_stream(lab);
  open_stream(lab);
  lab.server.session.hold_windows(1, true);
  for (const StreamId id : {1, 3}) {
    lab.client.session.send_data(id, bytes_of(std::string(50'000, 'x')));
  }
  lab.run();
  EXPECT_EQ(lab.server.bodies[1].size(), 10'000U);
  EXPECT_EQ(lab.server.bodies[3].size(), 50'000U);
  lab.server.session.hold_windows(1, false);
  lab.run();
  EXPECT_EQ(lab.server.bodies[1].size(), 50'000U);
}

TEST(Http2Controls, AHeldWindowOfTheConnection) {
  Session::Options small;
  small.connection_window = 70'000;
  small.stream_window = 100'000;
  Http2Lab lab(small);
  lab.server.logs_data = false;
  open_stream(lab);
  open_stream(lab);
  lab.server.session.hold_windows(0, true);
  for (const StreamId id : {1, 3}) {
    lab.client.session.send_data(id, bytes_of(std::string(50'000, 'x')));
  }
  lab.run();
  EXPECT_EQ(lab.server.bodies[1].size() + lab.server.bodies[3].size(), 70'000U);
  // The end of a stream does not open the window either.
  lab.client.session.reset(1, 8);
  lab.run();
  EXPECT_EQ(lab.server.bodies[1].size() + lab.server.bodies[3].size(), 70'000U);
  lab.server.session.hold_windows(0, false);
  lab.run();
  EXPECT_EQ(lab.server.bodies[3].size(), 50'000U);
}

}  // namespace
}  // namespace brownout::test
