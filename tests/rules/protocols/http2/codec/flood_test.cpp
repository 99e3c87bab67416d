// Tests that a peer cannot make a Session spend much: each attack ends the connection at its limit,
// and use that is below the limit does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "rules/protocols/http2/codec/flood_guard.h"
#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using http2::FloodGuard;
using http2::FloodLimit;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using Role = Session::Role;

constexpr int kEndHead = kEndHeaders;
constexpr int kEndAll = kEndHeaders | kEndStream;
constexpr std::string_view kPingData = "12345678";

std::string request(StreamId id, int flags = kEndAll) {
  return h2_frame(kHeaders, flags, id, h2_block(h2_get()));
}

// How often `step` can be called until the connection fails, at most `most` times. Reads what the
// session sends unless `reads` is false.
int until_failed(H2Raw& raw, int most, const std::function<void(int)>& step, bool reads = true) {
  for (int i = 0; i < most; ++i) {
    step(i);
    if (reads) raw.answer("");
    if (raw.peer.session.over()) return i;
  }
  return most;
}

// Checks that a frame may be sent exactly as often as the limit says, at once and in the long run.
void expect_limit(FloodLimit limit, const std::string& why, const std::string& before,
                  const std::function<std::string(int)>& frame) {
  const auto burst = static_cast<int>(limit.burst);
  H2Raw raw(Role::kServer);
  raw.peer.now += std::chrono::hours(1);
  raw.peer.receive(before);
  const auto sent = until_failed(raw, 10 * burst, [&](int i) { raw.peer.receive(frame(i)); });
  EXPECT_GE(sent, burst - 5) << why;
  EXPECT_LE(sent, burst + 20) << why;
  EXPECT_THAT(raw.peer.log, EndsWith("failed 0 " + why + "\n"));

  H2Raw slow(Role::kServer);
  slow.peer.receive(before);
  const auto pace = std::chrono::nanoseconds(seconds(1)) / limit.rate;
  EXPECT_EQ(until_failed(slow, 4 * burst,
                         [&](int i) {
                           slow.peer.now += pace;
                           slow.peer.receive(frame(i));
                         }),
            4 * burst)
      << why;
}

TEST(Http2Flood, FramesAreLimitedByRate) {
  const auto open = request(1, kEndHead);
  expect_limit(FloodGuard::kPings, "too many PING frames", "",
               [](int) { return h2_frame(kPing, 0, 0, kPingData); });
  expect_limit(FloodGuard::kPings, "too many PING frames", "",
               [](int) { return h2_frame(kPing, kAck, 0, kPingData); });
  expect_limit(FloodGuard::kSettings, "too many SETTINGS frames", "",
               [](int) { return h2_frame(kSettings, 0, 0); });
  expect_limit(FloodGuard::kPriorities, "too many PRIORITY frames", "",
               [](int i) { return h2_frame(kPriority, 0, 2 * i + 1, "12345"); });
  expect_limit(FloodGuard::kPriorities, "too many PRIORITY frames", "", [](int i) {
    return h2_frame(kH2PriorityUpdate, 0, 0, h2_number(static_cast<std::uint32_t>(2 * i + 1)));
  });
  expect_limit(FloodGuard::kWindowUpdates, "too many WINDOW_UPDATE frames", "",
               [](int) { return h2_frame(kWindow, 0, 0, h2_number(1)); });
  expect_limit(FloodGuard::kEmpty, "too many empty DATA frames", open,
               [](int) { return h2_frame(kData, 0, 1); });
  expect_limit(FloodGuard::kOther, "too many frames of other types", "",
               [](int) { return h2_frame(200, 0, 0); });
}

TEST(Http2Flood, TheAnswerToALimitIsEnhanceYourCalm) {
  H2Raw raw(Role::kServer);
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood += h2_frame(kSettings, 0, 0);
  raw.peer.receive(flood);
  EXPECT_EQ(raw.peer.take_log(), "failed 0 too many SETTINGS frames\n");
  EXPECT_EQ(h2_frames(raw.peer.output()), "GOAWAY 0 0 11\n");
  EXPECT_TRUE(raw.peer.session.over());
}

// gRPC sends PING with data to measure the bandwidth, many times a second in a fast network.
TEST(Http2Flood, DataAllowsPings) {
  H2Raw raw(Role::kServer);
  raw.peer.receive(request(1, kEndHead));
  EXPECT_EQ(until_failed(raw, 5000,
                         [&](int) {
                           raw.peer.receive(h2_frame(kData, 0, 1, "x") +
                                            h2_frame(kPing, 0, 0, kPingData));
                         }),
            5000);
}

TEST(Http2Flood, StreamsAllowWindowUpdates) {
  H2Raw raw(Role::kServer);
  EXPECT_EQ(until_failed(raw, 20'000,
                         [&](int i) {
                           const StreamId id = 2 * i + 1;
                           raw.peer.receive(request(id) + h2_frame(kWindow, 0, id, h2_number(1)));
                           raw.peer.session.send_response(id, h2_response(204), true);
                         }),
            20'000);
}

// A receiver of small DATA frames may send two WINDOW_UPDATE for each, and PING.
TEST(Http2Flood, SentDataAllowsWindowUpdatesAndPings) {
  H2Raw raw(Role::kServer);
  raw.peer.receive(request(1));
  raw.peer.session.send_response(1, h2_response(200), false);
  EXPECT_EQ(until_failed(raw, 5000,
                         [&](int) {
                           raw.peer.session.send_data(1, codecs::bytes_of("x"));
                           raw.answer(h2_frame(kWindow, 0, 1, h2_number(1)) +
                                      h2_frame(kWindow, 0, 0, h2_number(1)) +
                                      h2_frame(kPing, 0, 0, kPingData));
                         }),
            5000);
}

TEST(Http2Flood, AnswersThatThePeerDoesNotReadAreBounded) {
  for (const auto& frame : {h2_frame(kPing, 0, 0, kPingData), h2_frame(kSettings, 0, 0)}) {
    H2Raw raw(Role::kServer);
    const auto sent = until_failed(
        raw, 100'000,
        [&](int) {
          raw.peer.now += seconds(1);
          raw.peer.receive(frame);
        },
        false);
    EXPECT_EQ(sent, 1000);
    EXPECT_EQ(raw.peer.take_log(), "failed 0 the peer does not read the answers to its frames\n");
  }
}

// RST_STREAM frames for streams that are refused, slowly, to a peer that never reads.
TEST(Http2Flood, FramesThatWaitToBeSentAreBounded) {
  H2Peer server(Role::kServer);
  server.receive(std::string(kH2Preface) + h2_frame(kSettings, 0, 0));
  int sent = 0;
  for (; sent < 20'000 && !server.session.over(); ++sent) {
    server.now += milliseconds(20);
    server.receive(request(2 * sent + 1));
  }
  EXPECT_GE(sent, 10'000);
  EXPECT_LE(sent, 10'300);
  EXPECT_THAT(server.log, EndsWith("failed 0 the peer does not read the answers to its frames\n"));
  EXPECT_THAT(h2_frames(server.output()), EndsWith("GOAWAY 0 511 11\n"));
}

TEST(Http2Flood, RapidReset) {
  H2Raw raw(Role::kServer);
  const auto reset = [](int i) { return h2_frame(kRst, 0, 2 * i + 1, h2_number(8)); };
  const auto sent =
      until_failed(raw, 100'000, [&](int i) { raw.peer.receive(request(2 * i + 1) + reset(i)); });
  EXPECT_EQ(sent, FloodGuard::kEarlyResets.burst);
  EXPECT_THAT(raw.peer.take_log(),
              EndsWith("failed 0 too many streams reset at once (rapid reset)\n"));
  // RST_STREAM for streams that are closed counts too.
  H2Raw other(Role::kServer);
  other.peer.receive(request(1));
  EXPECT_EQ(until_failed(other, 100'000, [&](int) { other.peer.receive(reset(0)); }),
            FloodGuard::kEarlyResets.burst);
}

// Clients that give up after a time-out reset many streams, but not at once.
TEST(Http2Flood, ResetsAfterATimeOutAreNotLimited) {
  H2Raw raw(Role::kServer);
  EXPECT_EQ(until_failed(raw, 20'000,
                         [&](int i) {
                           raw.peer.receive(request(2 * i + 1));
                           raw.peer.now += FloodGuard::kEarly;
                           raw.peer.receive(h2_frame(kRst, 0, 2 * i + 1, h2_number(8)));
                           raw.peer.take_log();
                         }),
            20'000);
}

// A client that makes the server reset streams ("MadeYouReset").
TEST(Http2Flood, StreamErrors) {
  const std::vector<std::function<std::string(StreamId)>> attacks{
      [](StreamId id) {
        return h2_frame(kHeaders, kEndAll, id, h2_block({{":method", "GET"}}));
      },
      [](StreamId id) {
        return request(id, kEndHead) + h2_frame(kWindow, 0, id, h2_number(0x7fffffff));
      },
      [](StreamId id) {
        return h2_frame(kHeaders, kEndHead, id,
                        h2_block(h2_get() + H2Fields{{"content-length", "1"}})) +
               h2_frame(kData, 0, id, "xx");
      },
      [](StreamId id) {
        return h2_frame(kHeaders, kEndAll, id, h2_block(h2_get() + H2Fields{{"host", "x"}}));
      },
      [](StreamId id) {
        return request(id, kEndHead) + h2_frame(kRst, 0, id, h2_number(8)) +
               h2_frame(kData, 0, id, "x");
      },
  };
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    H2Raw raw(Role::kServer);
    const auto sent =
        until_failed(raw, 100'000, [&](int n) { raw.peer.receive(attacks[i](2 * n + 1)); });
    EXPECT_GE(sent, FloodGuard::kStreamErrors.burst - 1) << i;
    EXPECT_LE(sent, FloodGuard::kStreamErrors.burst + 1) << i;
    EXPECT_THAT(raw.peer.take_log(), EndsWith("failed 0 too many malformed messages\n")) << i;
  }
}

TEST(Http2Flood, StreamsBeyondTheLimit) {
  // A client that has not acknowledged the limit. Its streams are refused.
  H2Peer server(Role::kServer);
  server.receive(std::string(kH2Preface) + h2_frame(kSettings, 0, 0));
  server.output();
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += request(2 * i + 1);
  server.receive(requests);
  EXPECT_EQ(server.session.open_streams(), 256U);
  EXPECT_THAT(server.take_log(), EndsWith("failed 0 too many streams beyond the limit\n"));
  // A client that knows the limit breaks it: an error of the connection.
  H2Raw raw(Role::kServer);
  EXPECT_THAT(raw.answer(requests), EndsWith("GOAWAY 0 511 1\n"));
}

TEST(Http2Flood, ContinuationsOfOneHeadAreLimited) {
  H2Raw raw(Role::kServer);
  raw.peer.receive(h2_frame(kHeaders, kEndStream, 1, h2_block(h2_get())));
  EXPECT_EQ(until_failed(raw, 1000,
                         [&](int) {
                           raw.peer.receive(h2_frame(kCont, 0, 1, h2_block({{"a", "b"}})));
                         }),
            FloodGuard::kMostContinuations);
  EXPECT_EQ(raw.peer.take_log(), "failed 0 too many CONTINUATION frames\n");
  // The frame beyond the limit has no effect.
  H2Raw late(Role::kServer);
  late.peer.receive(h2_frame(kHeaders, kEndStream, 1, h2_block(h2_get())));
  for (int i = 0; i < FloodGuard::kMostContinuations; ++i) late.peer.receive(h2_frame(kCont, 0, 1));
  late.peer.receive(h2_frame(kCont, kEndHeaders, 1) + request(3));
  EXPECT_EQ(late.peer.take_log(), "failed 0 too many CONTINUATION frames\n");
  // As many as allowed make a head, and the next head may have as many.
  H2Raw good(Role::kServer);
  for (const StreamId id : {1, 3}) {
    good.peer.receive(h2_frame(kHeaders, kEndStream, id, h2_block(h2_get())));
    for (int i = 1; i < FloodGuard::kMostContinuations; ++i)
      good.peer.receive(h2_frame(kCont, 0, id, h2_block({{"a", "b"}})));
    good.peer.receive(h2_frame(kCont, kEndHeaders, id, h2_block({{"a", "b"}})));
    EXPECT_THAT(good.peer.take_log(), HasSubstr("[a: b] https ended\n"));
  }
  // Blocks on streams that nghttp2 ignores count as well.
  H2Raw ignored(Role::kServer);
  ignored.peer.receive(request(1, kEndHead));
  ignored.peer.session.reset(1, 8);
  ignored.answer("");
  ignored.peer.receive(h2_frame(kHeaders, 0, 1, h2_block({{"a", "b"}})));
  EXPECT_EQ(until_failed(ignored, 1000, [&](int) { ignored.peer.receive(h2_frame(kCont, 0, 1)); }),
            FloodGuard::kMostContinuations);
}

TEST(Http2Flood, EmptyHeaderFramesAreLimited) {
  H2Raw raw(Role::kServer);
  const auto sent = until_failed(raw, 10'000, [&](int i) {
    raw.peer.receive(h2_frame(kHeaders, kEndStream, 2 * i + 1) +
                     h2_frame(kCont, kEndHeaders, 2 * i + 1, h2_block(h2_get())) +
                     h2_frame(kRst, 0, 2 * i + 1, h2_number(8)));
  });
  EXPECT_EQ(sent, FloodGuard::kEmpty.burst);
  EXPECT_THAT(raw.peer.take_log(), EndsWith("failed 0 too many empty header frames\n"));
}

TEST(Http2Flood, HeadsAreLimitedInSizeAndNumber) {
  Session::Options small;
  small.max_head = 4096;
  small.max_headers = 20;
  const auto log_of = [&](const H2Fields& fields) {
    H2Raw raw(Role::kServer, small);
    raw.answer(h2_frame(kHeaders, kEndAll, 1, h2_block(h2_get() + fields)));
    // The next request must be read: the state of HPACK is not lost.
    raw.answer(h2_frame(kHeaders, kEndAll, 3, h2_block(h2_get())));
    EXPECT_THAT(raw.peer.log, HasSubstr("head 3 GET"));
    return raw.peer.take_log();
  };
  const std::string limit = "reset 1 11: the header fields are larger than the limit\nclosed 1\n";
  EXPECT_THAT(log_of(H2Fields(16, {"a", "b"})), testing::StartsWith("head 1 "));
  EXPECT_THAT(log_of(H2Fields(17, {"a", "b"})), testing::StartsWith(limit));
  EXPECT_THAT(log_of({{"a", std::string(3800, 'x')}}), testing::StartsWith("head 1 "));
  EXPECT_THAT(log_of({{"a", std::string(3900, 'x')}}), testing::StartsWith(limit));
  EXPECT_THAT(log_of(H2Fields(16, {"cookie", std::string(300, 'x')})), testing::StartsWith(limit));
}

// A small block that refers to a large entry of the dynamic table many times (RFC 7541, 7.3).
TEST(Http2Flood, HpackBomb) {
  H2Raw raw(Role::kServer);
  const std::string value(3000, 'x');
  // A literal with incremental indexing makes entry 62 of the tables.
  auto first = h2_block({{"a", value}});
  first[0] = '\x40';
  raw.peer.receive(h2_frame(kHeaders, kEndAll, 1, h2_block(h2_get()) + first));
  raw.peer.receive(
      h2_frame(kHeaders, kEndAll, 3, h2_block(h2_get()) + std::string(16'000, '\xbe')));
  EXPECT_THAT(raw.peer.take_log(),
              EndsWith("reset 3 11: the header fields are larger than the limit\n"));
  EXPECT_EQ(raw.answer(request(5)), "RST_STREAM 3 11\n");
  // A block without end: the whole connection ends.
  raw.peer.receive(h2_frame(kHeaders, kEndStream, 7, h2_block(h2_get())));
  const auto sent = until_failed(raw, 1000, [&](int) {
    raw.peer.receive(h2_frame(kCont, 0, 7, std::string(16'384, '\xbe')));
  });
  EXPECT_EQ(sent, 15);
  EXPECT_THAT(raw.peer.take_log(), EndsWith("failed 0 a header block that is too long\n"));
}

TEST(Http2Flood, InterimResponsesAreLimited) {
  H2Raw raw(Role::kClient);
  raw.peer.session.send_request(h2_request("GET", "/"), "https", "", true);
  raw.answer("");
  std::string interims;
  for (int i = 0; i < 150; ++i) {
    interims += h2_frame(kHeaders, kEndHead, 1, h2_block({{":status", "103"}}));
  }
  EXPECT_EQ(raw.answer(interims), "RST_STREAM 1 11\n");
  EXPECT_THAT(raw.peer.take_log(), EndsWith("interim 1 HTTP/2 103\n"
                                            "reset 1 11: too many interim responses\nclosed 1\n"));
}

TEST(Http2Flood, PushesThatAreRefusedAreLimited) {
  H2Peer client(Role::kClient);
  client.session.send_request(h2_request("GET", "/"), "https", "", true);
  client.output();
  client.receive(h2_frame(kSettings, 0, 0));
  std::string pushes;
  for (std::uint32_t i = 2; i < 5000; i += 2) {
    pushes += h2_frame(kPush, kEndHeaders, 1, h2_number(i) + h2_block(h2_get()));
  }
  client.receive(pushes);
  EXPECT_EQ(client.take_log(), "failed 0 too many streams beyond the limit\n");
}

// A peer that grants no window: data stays in the queue, and the owner stops by queued().
TEST(Http2Flood, NoWindowMeansNoDataInTheOutput) {
  H2Raw raw(Role::kServer);
  raw.answer(h2_frame(kSettings, 0, 0, h2_setting(4, 0)));
  raw.answer(request(1));
  auto& session = raw.peer.session;
  session.send_response(1, h2_response(200), false);
  for (int i = 0; i < 100; ++i) session.send_data(1, codecs::bytes_of(std::string(1000, 'x')));
  EXPECT_EQ(h2_frames(raw.peer.output()), "HEADERS 1\n");
  EXPECT_EQ(session.queued(1), 100'000U);
  EXPECT_FALSE(session.wants_output());
  EXPECT_EQ(raw.answer(h2_frame(kWindow, 0, 1, h2_number(5))), "DATA 1 5\n");
  EXPECT_EQ(session.queued(1), 99'995U);
  // The connection's window counts too.
  EXPECT_EQ(raw.answer(h2_frame(kSettings, 0, 0, h2_setting(4, 200'000))).size(),
            std::string("SETTINGS 0 ack\nDATA 1 16384\nDATA 1 16384\nDATA 1 16384\nDATA 1 16378\n")
                .size());
  EXPECT_EQ(session.queued(1), 100'000U - 65'535U);
}

TEST(Http2Flood, AllowancesRefill) {
  http2::Allowance allowance({2, 10});
  rules::Instant now{};
  EXPECT_TRUE(allowance.take(now) && allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now + milliseconds(99)));
  EXPECT_TRUE(allowance.take(now + milliseconds(100)));
  EXPECT_FALSE(allowance.take(now + milliseconds(100)));
  allowance.give(5);
  EXPECT_TRUE(allowance.take(now + milliseconds(100)) && allowance.take(now + milliseconds(100)));
  EXPECT_FALSE(allowance.take(now + milliseconds(100)));
  EXPECT_TRUE(allowance.take(rules::kNever) && allowance.take(rules::kNever));
  EXPECT_FALSE(allowance.take(rules::kNever));
}

}  // namespace
}  // namespace brownout::test
