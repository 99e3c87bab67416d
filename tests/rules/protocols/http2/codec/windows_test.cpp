// Tests flow control between two Sessions: what stays in the queue, what comes out, and when
// windows open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using testing::HasSubstr;

TEST(Http2Windows, DataThatIsNotConsumedStaysInTheSendersQueue) {
  Session::Options small;
  small.stream_window = 70'000;
  for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
    Http2Lab lab(small);
    lab.server.takes = lab.server.logs_data = false;
    auto& client = lab.client.session;
    const auto id = client.send_request(h2_request("POST", "/"), "https", "", false);
    lab.run(seed);
    lab.server.session.consumed(id, 1'000'000);  // nothing was received
    client.send_data(id, bytes_of(h2_pattern(200'000)));
    lab.run(seed);
    EXPECT_EQ(client.queued(id), 130'000U);
    EXPECT_EQ(lab.server.bodies[id].size(), 70'000U);
    lab.server.session.consumed(id, 40'000);
    lab.run(seed);
    EXPECT_EQ(client.queued(id), 90'000U);
    // Consuming more than was received has no effect.
    lab.server.session.consumed(id, 1'000'000);
    lab.run(seed);
    EXPECT_EQ(client.queued(id), 20'000U);
    lab.server.session.consumed(id, 70'000);
    client.send_end(id, {});
    lab.run(seed);
    EXPECT_EQ(client.queued(id), 0U);
    EXPECT_EQ(lab.server.bodies[id], h2_pattern(200'000));
    EXPECT_THAT(lab.server.log, HasSubstr("end 1\n"));
  }
}

TEST(Http2Windows, OutputIsBounded) {
  Http2Lab lab;
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.run();
  lab.client.session.send_data(1, bytes_of(h2_pattern(60'000)));
  for (const std::size_t most : {1U, 100U, 20'000U}) {
    EXPECT_LE(lab.client.session.output(most).size(), most + 16'384 + 9);
    EXPECT_TRUE(lab.client.session.wants_output());
  }
}

TEST(Http2Windows, OnSentCountsTheDataInTheOutput) {
  Http2Lab lab;
  lab.client.logs_sent = true;
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.client.session.send_data(1, bytes_of(h2_pattern(20'000)));
  EXPECT_EQ(lab.client.take_log(), "");
  lab.client.output();
  EXPECT_EQ(lab.client.take_log(), "sent 1 16384\nsent 1 3616\n");
}

TEST(Http2Windows, AnOwnerMayFillTheQueueFromOnSent) {
  for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
    Session::Options small;
    small.stream_window = 5000 + seed;
    Http2Lab lab(small);
    lab.server.logs_data = false;
    auto& client = lab.client.session;
    const auto text = h2_pattern(300'000);
    std::size_t at = 0;
    std::size_t most_queued = 0;
    const auto fill = [&] {
      while (at < text.size() && client.queued(1) < 10'000) {
        const auto size = std::min<std::size_t>(text.size() - at, 3000);
        client.send_data(1, bytes_of(text).subspan(at, size));
        at += size;
        if (at == text.size()) client.send_end(1, {});
      }
      most_queued = std::max(most_queued, client.queued(1));
    };
    lab.client.on_event = [&](const std::string& event, StreamId) {
      if (event == "sent") fill();
    };
    client.send_request(h2_request("POST", "/"), "https", "", false);
    fill();
    lab.run(seed);
    EXPECT_EQ(lab.server.bodies[1], text) << seed;
    EXPECT_LT(most_queued, 13'000U);
  }
}

// Data of a stream that was closed does not take the connection's window for ever.
TEST(Http2Windows, ClosedStreamsGiveTheirWindowBack) {
  Session::Options small;
  small.connection_window = 65'535;
  Http2Lab lab(small);
  lab.server.takes = lab.server.logs_data = false;
  for (int i = 0; i < 20; ++i) {
    const auto id = lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
    lab.client.session.send_data(id, bytes_of(h2_pattern(50'000)));
    lab.run();
    EXPECT_EQ(lab.server.bodies[id].size(), 50'000U) << i;
    if (i % 2 == 0) lab.client.session.reset(id, 8);
    if (i % 2 == 1) lab.server.session.reset(id, 8);
    lab.run();
  }
}

TEST(Http2Windows, AStreamThatHasEndedNeedsNoWindow) {
  Session::Options small;
  small.stream_window = 1000;
  H2Raw raw(Session::Role::kServer, small);
  const auto head = h2_frame(kHeaders, kEndHeaders, 1, h2_block(h2_get()));
  EXPECT_EQ(raw.answer(head + h2_frame(kData, 0, 1, std::string(900, 'x'))),
            "WINDOW_UPDATE 1 900\n");
  EXPECT_EQ(raw.answer(h2_frame(kData, kEndStream, 1, std::string(900, 'x'))),
            "WINDOW_UPDATE 1 900\n");
  raw.peer.takes = false;
  for (const StreamId id : {3, 5}) {
    const auto other = h2_frame(kHeaders, kEndHeaders, id, h2_block(h2_get()));
    raw.peer.receive(other + h2_frame(kData, kEndStream, id, std::string(900, 'x')));
  }
  raw.peer.session.consumed(3, 900);
  raw.peer.session.hold_windows(5, true);
  raw.peer.session.consumed(5, 900);
  raw.peer.session.hold_windows(5, false);
  EXPECT_EQ(raw.answer(""), "");
}

// The rest of a DATA frame still arrives after the owner has reset its stream.
TEST(Http2Windows, TheRestOfAFrameGivesItsWindowBack) {
  Session::Options small;
  small.connection_window = 65'535;
  Http2Lab lab(small);
  lab.server.logs_data = false;
  int resets = 0;
  lab.server.on_event = [&](const std::string& event, StreamId id) {
    if (event != "data") return;
    lab.server.session.reset(id, 8);
    ++resets;
  };
  for (int i = 0; i < 30; ++i) {
    const auto id = lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
    lab.client.session.send_data(id, bytes_of(h2_pattern(16'000)));
    lab.run(7);
  }
  EXPECT_EQ(resets, 30);
}

}  // namespace
}  // namespace brownout::test
