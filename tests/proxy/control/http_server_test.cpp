// Tests which API connections are closed when too many clients connect.
#include "proxy/control/http_server.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <atomic>
#include <deque>
#include <thread>

#include "proxy/control/strangers.h"
#include "tests/support/proxy_world.h"

namespace brownout::proxy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto kHalt = "POST /halt HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\n";
constexpr auto kEnd = "Content-Length: 0\r\n\r\n";

IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

TEST(Strangers, EvictsTheOldestOfTheAddressWithMost) {
  Strangers all;
  EXPECT_EQ(all.first_to_go(), -1);
  all.add(1, address("192.0.2.1"));
  all.add(2, address("192.0.2.2"));
  all.add(3, address("192.0.2.2"));
  EXPECT_EQ(all.first_to_go(), 2);
  all.remove(2);
  EXPECT_EQ(all.first_to_go(), 1) << "each has one: the oldest";
  all.remove(1);
  all.remove(1);
  EXPECT_EQ(all.first_to_go(), 3);
  EXPECT_EQ(all.size(), 1U);
}

TEST(Strangers, CountsAnIpv6NetworkAsOneAddress) {
  Strangers all;
  all.add(1, address("192.0.2.1"));
  all.add(2, address("2001:db8::1"));
  all.add(3, address("2001:db8::2"));
  EXPECT_EQ(all.first_to_go(), 2);
}

class Api : public testing::TestWithParam<bool> {
 protected:
  Api() {
    HttpServer::IsAuthorized is_authorized;
    if (GetParam()) {
      is_authorized = [](const rules::HttpHead& head) {
        return head.find("authorization") != nullptr;
      };
    }
    const auto handler = [](const HttpServer::Request& request) {
      return HttpResponse{.body = "done " + request.path};
    };
    server_ = std::move(
        *HttpServer::listen(loop_, {"127.0.0.1", 0, ""}, handler, nullptr, is_authorized));
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Api() override {
    loop_.stop();
    thread_.join();
    server_.reset();
  }

  // Connects from the local address `from`. Receiving times out after five seconds.
  Fd connect(const std::string& from = "127.0.0.1") const {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{5, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto local = SocketAddress::of(address(from), 0);
    ::bind(fd.get(), local.get(), local.length);
    const auto there = *SocketAddress::of(server_->endpoint());
    if (::connect(fd.get(), there.get(), there.length) != 0) return {};
    return fd;
  }
  // The response, or "" if the connection is lost or five seconds have passed.
  static std::string ask(const Fd& fd, const std::string& text) {
    std::array<char, 4096> answer{};
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return {};
    const auto count = ::recv(fd.get(), answer.data(), answer.size(), 0);
    return {answer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }
  static std::string halt(const Fd& fd) { return ask(fd, std::string(kHalt) + kEnd); }

  // Until `stop_` is set, connects as fast as possible, sends `text` on each connection, and keeps
  // only the newest `kept` open.
  void flood(const std::string& text, std::size_t kept) {
    std::deque<Fd> open;
    const auto there = *SocketAddress::of(server_->endpoint());
    while (!stop_) {
      auto dialled = start_dial(there);
      if (dialled.error == 0) {
        ++dialled_;
        open.push_back(std::move(dialled.fd));
      }
      if (!text.empty() && open.size() > 8) {
        const auto& earlier = open[open.size() - 8];
        static_cast<void>(::send(earlier.get(), text.data(), text.size(), MSG_NOSIGNAL));
      }
      if (open.size() > kept) open.pop_front();
    }
  }

  Loop loop_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> dialled_ = 0;
};

TEST_P(Api, HaltIsServedDuringAFlood) {
  const auto known = connect();
  ASSERT_THAT(halt(known), HasSubstr("done /halt"));
  std::vector<std::thread> floods;
  for (const auto* text : {"", "POST /halt HTTP/1.1\r\nHost: lo", "x"}) {
    floods.emplace_back([this, text] { flood(text, 300); });
  }
  while (dialled_ < 1000) std::this_thread::sleep_for(1ms);
  const auto begin = std::chrono::steady_clock::now();
  const auto before = dialled_.load();
  // On a busy machine the flood can fill the kernel's queue, so that a client must try again.
  int again = 0;
  for (int i = 0; i < 15; ++i) {
    auto answer = halt(connect());
    if (answer.empty() && ++again <= 2) answer = halt(connect());
    EXPECT_THAT(answer, HasSubstr("done /halt")) << i;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const auto rate = static_cast<double>(dialled_ - before) / took.count();
  stop_ = true;
  for (auto& thread : floods) thread.join();
  RecordProperty("connections_a_second", std::to_string(rate));
  EXPECT_THAT(halt(known), HasSubstr("done /halt"))
      << "a connection that was served before the flood stays open";
}

TEST_P(Api, AFloodEvictsNoConnectionOfAnotherAddress) {
  const auto slow = connect("127.0.0.2");
  ASSERT_GT(::send(slow.get(), kHalt, std::string(kHalt).size(), MSG_NOSIGNAL), 0);
  const auto idle = connect("127.0.0.1");
  std::vector<Fd> crowd;
  for (int i = 0; i < 600; ++i) crowd.push_back(connect());
  // Waits for the close, since the server may not have accepted all of these connections yet.
  pollfd ended{idle.get(), POLLIN | POLLRDHUP, 0};
  ASSERT_EQ(::poll(&ended, 1, 5000), 1) << "the oldest of the crowd's address";
  EXPECT_EQ(halt(idle), "") << "the oldest of the crowd's address";
  EXPECT_THAT(ask(slow, kEnd), HasSubstr("done /halt"));
  EXPECT_THAT(halt(crowd.back()), HasSubstr("done /halt"));
}

// The requests have arrived, but the server has not read them yet.
TEST_P(Api, AnswersReceivedRequestsBeforeEviction) {
  std::vector<Fd> asking;
  for (int i = 0; i < 600; ++i) {
    asking.push_back(connect());
    const auto text = std::string(kHalt) + "Connection: close\r\n" + kEnd;
    ASSERT_GT(::send(asking.back().get(), text.data(), text.size(), MSG_NOSIGNAL), 0);
  }
  for (const auto& fd : asking) EXPECT_THAT(ask(fd, ""), HasSubstr("done /halt"));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAToken, Api, testing::Bool());

}  // namespace
}  // namespace brownout::proxy
