// Tests two Sessions that talk to each other: heads, bodies, trailers, windows and endings. Bytes
// travel in random chunks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using rules::HttpHeader;
using testing::HasSubstr;

constexpr unsigned kSeeds = 40;

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST(Http2Session, ARequestAndItsResponse) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Http2Lab lab;
    auto& client = lab.client.session;
    const auto id = client.send_request(h2_request("GET", "/a?b"), "https", "", true);
    EXPECT_EQ(id, 1);
    lab.run(seed);
    EXPECT_EQ(lab.server.take_log(), "head 1 GET /a?b HTTP/2 [host: a.example] https ended\n");
    auto& server = lab.server.session;
    server.send_response(1, h2_response(200, {{"Content-Type", "text/plain"}}), false);
    server.send_data(1, bytes_of("hello"));
    server.send_end(1, {});
    lab.client.logs_data = false;
    lab.run(seed);
    EXPECT_EQ(lab.client.take_log(),
              "head 1 HTTP/2 200 OK [content-type: text/plain]\nend 1\nclosed 1\n");
    EXPECT_EQ(lab.client.bodies[1], "hello");
    EXPECT_EQ(lab.server.take_log(), "closed 1\n");
    EXPECT_EQ(client.open_streams(), 0U);
    EXPECT_EQ(server.open_streams(), 0U);
  }
}

TEST(Http2Session, AnEmptyBodyEndsWithItsHead) {
  Http2Lab lab;
  lab.client.session.send_request(h2_request("HEAD", "/"), "https", "", true);
  lab.run();
  lab.server.session.send_response(1, h2_response(204), true);
  EXPECT_EQ(h2_frames(lab.server.output()), "HEADERS 1 end\n");
}

TEST(Http2Session, BodiesAndTrailersOfManyStreams) {
  for (unsigned seed = 1; seed < kSeeds; ++seed) {
    Session::Options small;
    small.stream_window = 1000 + seed * 997;
    small.connection_window = 65'535 + seed;
    small.max_frame_size = 16'384 + seed;
    Http2Lab lab(small, small);
    lab.client.logs_data = lab.server.logs_data = false;
    // The server sends each body back, with the request's trailers.
    lab.server.on_event = [&](const std::string& event, StreamId id) {
      auto& server = lab.server.session;
      if (event == "head") server.send_response(id, h2_response(200), false);
      if (event == "data") {
        server.send_data(id, bytes_of(lab.server.bodies[id]));
        lab.server.bodies[id].clear();
      }
      if (event == "end") server.send_end(id, {{"Sum", std::to_string(id)}});
    };
    std::vector<StreamId> ids;
    for (std::size_t i = 0; i < 8; ++i) {
      const auto id = lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
      ids.push_back(id);
      lab.client.session.send_data(id, bytes_of(pattern(i * seed * 500)));
      lab.client.session.send_end(
          id, i % 2 == 0 ? std::vector<HttpHeader>{{"T", "x"}} : std::vector<HttpHeader>{});
    }
    lab.run(seed);
    EXPECT_EQ(lab.client.session.open_streams(), 0U) << seed;
    EXPECT_EQ(lab.server.session.open_streams(), 0U) << seed;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(lab.client.bodies[ids[i]], pattern(i * seed * 500)) << seed;
      EXPECT_THAT(lab.client.log, HasSubstr("end " + std::to_string(ids[i]) +
                                            " [sum: " + std::to_string(ids[i]) + "]\n"));
      EXPECT_THAT(lab.server.log,
                  HasSubstr("end " + std::to_string(ids[i]) + (i % 2 == 0 ? " [t: x]\n" : "\n")));
    }
    EXPECT_THAT(lab.client.log + lab.server.log, testing::Not(HasSubstr("reset")));
  }
}

TEST(Http2Session, DataThatIsNotConsumedStaysInTheSendersQueue) {
  Session::Options small;
  small.stream_window = 70'000;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Http2Lab lab(small);
    lab.server.takes = lab.server.logs_data = false;
    auto& client = lab.client.session;
    const auto id = client.send_request(h2_request("POST", "/"), "https", "", false);
    lab.run(seed);
    client.send_data(id, bytes_of(pattern(200'000)));
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
    EXPECT_EQ(lab.server.bodies[id], pattern(200'000));
    EXPECT_THAT(lab.server.log, HasSubstr("end 1\n"));
  }
}

TEST(Http2Session, EitherSideResetsAStream) {
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

TEST(Http2Session, OutputIsBounded) {
  Http2Lab lab;
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.run();
  lab.client.session.send_data(1, bytes_of(pattern(60'000)));
  for (const std::size_t most : {1U, 100U, 20'000U}) {
    EXPECT_LE(lab.client.session.output(most).size(), most + 16'384 + 9);
    EXPECT_TRUE(lab.client.session.wants_output());
  }
}

TEST(Http2Session, OnSentCountsTheDataInTheOutput) {
  Http2Lab lab;
  lab.client.logs_sent = true;
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.client.session.send_data(1, bytes_of(pattern(20'000)));
  EXPECT_EQ(lab.client.take_log(), "");
  lab.client.output();
  EXPECT_EQ(lab.client.take_log(), "sent 1 16384\nsent 1 3616\n");
}

TEST(Http2Session, AnOwnerMayFillTheQueueFromOnSent) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Session::Options small;
    small.stream_window = 5000 + seed;
    Http2Lab lab(small);
    lab.server.logs_data = false;
    auto& client = lab.client.session;
    const auto text = pattern(300'000);
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

// Streams without a priority share the connection; the first does not hold up the others.
TEST(Http2Session, DataOfStreamsIsInterleaved) {
  Http2Lab lab;
  for (int i = 0; i < 2; ++i) {
    lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  }
  lab.run();
  for (const StreamId id : {1, 3}) {
    lab.client.session.send_data(id, bytes_of(pattern(32'768)));
    lab.server.session.send_response(id, h2_response(200), false);
    lab.server.session.send_data(id, bytes_of(pattern(32'768)));
  }
  EXPECT_EQ(h2_frames(lab.client.output()),
            "DATA 1 16384\nDATA 3 16384\nDATA 1 16384\nDATA 3 16384\n");
  EXPECT_EQ(h2_frames(lab.server.output()),
            "HEADERS 1\nHEADERS 3\nDATA 1 16384\nDATA 3 16384\nDATA 1 16384\nDATA 3 16384\n");
}

TEST(Http2Session, TheServerFollowsPriorities) {
  const auto order = [](const std::string& first, const std::string& second,
                        const std::string& update = "") {
    H2Raw raw(Session::Role::kServer);
    const auto fields = [](const std::string& priority) {
      return priority.empty() ? h2_get() : h2_get() + H2Fields{{"priority", priority}};
    };
    raw.answer(h2_frame(kHeaders, kEndHeaders | kEndStream, 1, h2_block(fields(first))) +
               h2_frame(kHeaders, kEndHeaders | kEndStream, 3, h2_block(fields(second))) + update);
    for (const StreamId id : {1, 3}) {
      raw.peer.session.send_response(id, h2_response(200), false);
      raw.peer.session.send_data(id, bytes_of(pattern(17'000)));
    }
    const auto frames = h2_frames(raw.peer.output());
    std::string ids;
    for (auto at = frames.find("DATA "); at != std::string::npos; at = frames.find("DATA ", at + 1))
      ids += frames.substr(at + 5, 1);
    return ids;
  };
  EXPECT_EQ(order("", ""), "1313");
  EXPECT_EQ(order("u=5", "u=1"), "3311");
  EXPECT_EQ(order("u=1", "u=1"), "1133");
  EXPECT_EQ(order("u=1, i", "u=1, i=?1"), "1313");
  EXPECT_EQ(order("u=1", "u=2", h2_frame(kH2PriorityUpdate, 0, 0, h2_number(3) + "u=0")), "3311");
  EXPECT_EQ(order("u=1", "u=2", h2_frame(kH2PriorityUpdate, 0, 0, h2_number(1) + "nonsense,,u=9")),
            "3311");
}

TEST(Http2Session, PriorityUpdatesReachTheOwner) {
  H2Raw raw(Session::Role::kServer);
  raw.answer(h2_frame(kH2PriorityUpdate, 0, 0, h2_number(7) + "u=2, i") +
             h2_frame(kH2PriorityUpdate, 0, 0, h2_number(9) + std::string(300, ' ')));
  EXPECT_EQ(raw.peer.take_log(), "priority 7 u=2, i\n");
  // The stream that the frame has announced works as any other.
  raw.answer(h2_frame(kHeaders, kEndHeaders | kEndStream, 7, h2_block(h2_get())));
  EXPECT_THAT(raw.peer.take_log(), HasSubstr("head 7 "));
  H2Raw client(Session::Role::kClient);
  EXPECT_EQ(client.answer(h2_frame(kH2PriorityUpdate, 0, 0, h2_number(7) + "u=2")),
            "GOAWAY 0 0 1\n");
}

TEST(Http2Session, AClientOpensOnlyAsManyStreamsAsTheServerAllows) {
  Session::Options two;
  two.max_concurrent_streams = 2;
  Http2Lab lab(two);
  auto& client = lab.client.session;
  lab.run();
  EXPECT_EQ(lab.client.peer_streams, 2U);
  EXPECT_EQ(client.send_request(h2_request("GET", "/"), "https", "", true), 1);
  EXPECT_TRUE(client.accepts_request());
  EXPECT_EQ(client.send_request(h2_request("GET", "/"), "https", "", true), 3);
  EXPECT_FALSE(client.accepts_request());
  EXPECT_EQ(client.send_request(h2_request("GET", "/"), "https", "", true), 0);
  lab.run();
  lab.server.session.send_response(1, h2_response(200), true);
  lab.run();
  EXPECT_TRUE(client.accepts_request());
  EXPECT_EQ(client.send_request(h2_request("GET", "/"), "https", "", true), 5);
  EXPECT_FALSE(lab.server.session.accepts_request());
  EXPECT_EQ(lab.server.session.send_request(h2_request("GET", "/"), "https", "", true), 0);
}

// Before it knows the limit, a client may open more streams; the server refuses them.
TEST(Http2Session, StreamsBeyondTheLimitAreRefused) {
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

TEST(Http2Session, ShutDownLetsOpenStreamsGoOn) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
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

TEST(Http2Session, RequestsThatArriveAfterShutDownAreRefused) {
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

TEST(Http2Session, AClientShutsDown) {
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
TEST(Http2Session, AResetWithoutErrorComesBehindTheEnd) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Session::Options small;
    small.stream_window = 1000;
    Http2Lab lab({}, small);
    lab.client.logs_data = false;
    lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
    lab.run(seed);
    auto& server = lab.server.session;
    server.send_response(1, h2_response(200), false);
    server.send_data(1, bytes_of(pattern(30'000)));
    server.send_end(1, {});
    server.reset(1, 0);
    lab.run(seed);
    EXPECT_EQ(lab.client.bodies[1], pattern(30'000));
    EXPECT_EQ(lab.client.take_log(), "head 1 HTTP/2 200 OK\nend 1\nreset 1 0\nclosed 1\n");
    EXPECT_THAT(lab.server.take_log(), testing::EndsWith("closed 1\n"));
  }
}

// The Owner may reset a stream from any event. No event follows but on_closed().
TEST(Http2Session, AnOwnerMayResetFromEveryEvent) {
  for (const std::string at : {"head", "data", "end"}) {
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
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
      lab.client.session.send_data(1, bytes_of(pattern(50'000)));
      lab.client.session.send_end(1, {});
      lab.run(seed);
      EXPECT_THAT(lab.client.take_log(), testing::EndsWith("reset 1 11\nclosed 1\n"));
      EXPECT_THAT(lab.server.take_log(), testing::EndsWith("closed 1\n"));
      EXPECT_EQ(lab.server.session.open_streams(), 0U);
    }
  }
}

// Data of a stream that was closed does not take the connection's window for ever.
TEST(Http2Session, ClosedStreamsGiveTheirWindowBack) {
  Session::Options small;
  small.connection_window = 65'535;
  Http2Lab lab(small);
  lab.server.takes = lab.server.logs_data = false;
  for (int i = 0; i < 20; ++i) {
    const auto id = lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
    lab.client.session.send_data(id, bytes_of(pattern(50'000)));
    lab.run();
    EXPECT_EQ(lab.server.bodies[id].size(), 50'000U) << i;
    if (i % 2 == 0) lab.client.session.reset(id, 8);
    if (i % 2 == 1) lab.server.session.reset(id, 8);
    lab.run();
  }
}

}  // namespace
}  // namespace brownout::test
