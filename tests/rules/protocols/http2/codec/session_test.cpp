// Tests two Sessions that talk to each other: requests, bodies, trailers, the order of data and the
// number of streams. Bytes travel in random chunks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using rules::HttpHeader;
using testing::HasSubstr;

TEST(Http2Session, ARequestAndItsResponse) {
  for (unsigned seed = 0; seed < kH2Seeds; ++seed) {
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
  for (unsigned seed = 1; seed < kH2Seeds; ++seed) {
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
      lab.client.session.send_data(id, bytes_of(h2_pattern(i * seed * 500)));
      lab.client.session.send_end(
          id, i % 2 == 0 ? std::vector<HttpHeader>{{"T", "x"}} : std::vector<HttpHeader>{});
    }
    lab.run(seed);
    EXPECT_EQ(lab.client.session.open_streams(), 0U) << seed;
    EXPECT_EQ(lab.server.session.open_streams(), 0U) << seed;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(lab.client.bodies[ids[i]], h2_pattern(i * seed * 500)) << seed;
      EXPECT_THAT(lab.client.log, HasSubstr("end " + std::to_string(ids[i]) +
                                            " [sum: " + std::to_string(ids[i]) + "]\n"));
      EXPECT_THAT(lab.server.log,
                  HasSubstr("end " + std::to_string(ids[i]) + (i % 2 == 0 ? " [t: x]\n" : "\n")));
    }
    EXPECT_THAT(lab.client.log + lab.server.log, testing::Not(HasSubstr("reset")));
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
    lab.client.session.send_data(id, bytes_of(h2_pattern(32'768)));
    lab.server.session.send_response(id, h2_response(200), false);
    lab.server.session.send_data(id, bytes_of(h2_pattern(32'768)));
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
      raw.peer.session.send_data(id, bytes_of(h2_pattern(17'000)));
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

}  // namespace
}  // namespace brownout::test
