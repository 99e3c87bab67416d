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

}  // namespace
}  // namespace brownout::test
