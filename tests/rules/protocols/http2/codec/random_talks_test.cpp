// Tests that two Sessions agree whatever their owners do, in any order and at any time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using rules::HttpHeader;
using testing::HasSubstr;

// Anything may happen at any time: no call fails, and each stream ends once.
TEST(Http2Session, RandomTalks) {
  for (unsigned seed = 1; seed < 200; ++seed) {
    std::mt19937 engine(seed);
    const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
    Session::Options options;
    options.stream_window = 1 + random() % 100'000;
    options.max_concurrent_streams = 1 + random() % 5;
    Http2Lab lab(options, options);
    lab.client.logs_data = lab.server.logs_data = false;
    lab.client.takes = random() % 2 == 0;
    lab.server.takes = random() % 2 == 0;
    for (int i = 0; i < 60; ++i) {
      auto& peer = random() % 2 == 0 ? lab.client : lab.server;
      auto& session = peer.session;
      const auto id = static_cast<StreamId>(random() % 12);
      switch (random() % 14) {
        case 0:
        case 1:
          session.send_request(h2_request("POST", "/"), "https", "", random() % 2 == 0);
          break;
        case 2:
          session.send_response(id, h2_response(200), random() % 2 == 0);
          break;
        case 3:
          session.send_interim(id, h2_response(103));
          break;
        case 4:
        case 5:
          session.send_data(id, bytes_of(std::string(random() % 40'000, 'x')));
          break;
        case 6:
          session.send_end(id, random() % 2 == 0 ? std::vector<HttpHeader>{{"T", "1"}}
                                                 : std::vector<HttpHeader>{});
          break;
        case 7:
          session.reset(id, random() % 14);
          break;
        case 8:
          session.consumed(id, random() % 100'000);
          break;
        case 9:
          session.hold_windows(id, random() % 2 == 0);
          break;
        case 10:
          session.hold_pings(random() % 2 == 0);
          break;
        case 11:
          session.submit_settings({.initial_window_size = random() % 100'000});
          break;
        case 12:
          if (i > 40) session.send_goaway(id, 0);
          break;
        default:
          lab.run(seed + static_cast<unsigned>(i));
      }
    }
    for (auto* peer : {&lab.client, &lab.server}) {
      peer->session.hold_windows(0, false);
      for (StreamId id = 1; id < 200; ++id) {
        peer->session.hold_windows(id, false);
        peer->session.reset(id, 8);
      }
    }
    lab.run(seed);
    EXPECT_EQ(lab.client.session.open_streams(), 0U) << seed << lab.client.log;
    EXPECT_EQ(lab.server.session.open_streams(), 0U) << seed << lab.server.log;
    EXPECT_THAT(lab.client.log + lab.server.log, testing::Not(HasSubstr("failed"))) << seed;
    for (const auto* log : {&lab.client.log, &lab.server.log}) {
      for (StreamId id = 1; id < 200; ++id) {
        const auto closed = "closed " + std::to_string(id) + "\n";
        const auto first = log->find(closed);
        if (first == std::string::npos) continue;
        EXPECT_EQ(log->find(closed, first + 1), std::string::npos) << seed;
        EXPECT_EQ(log->find(" " + std::to_string(id) + "\n", first + closed.size()),
                  std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace brownout::test
