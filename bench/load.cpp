// The load generator of the benchmarks: servers, and clients that print their measurements as one
// JSON object.
//
//   load serve PORT
//   load ping PORT CONNECTIONS SECONDS [INTERVAL_MS]
//   load connect PORT CONCURRENCY SECONDS
//   load stream PORT STREAMS SECONDS
//   load udp-serve PORT
//   load udp-flood PORT SOCKETS SECONDS RATE
//   load poll PORT RATE SECONDS PATH...
//   load relay PORT COUNT SUBSCRIBE PUBLISH MESSAGE ARRIVES READY
//   load idle PORT CONNECTIONS
//
// udp-serve counts datagrams, and prints the count for each line of standard input. poll requests
// each API path in turn, and also prints its own CPU time. idle opens connections, prints
// {"open":n}, and holds them until standard input ends.
//
// relay subscribes on one connection. Another connection publishes COUNT messages once both have
// received READY. The run ends when all messages have arrived. Its texts may contain the escapes
// for CR and LF as in C.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/embedded/echo_server.h"
#include "proxy/embedded/traffic.h"
#include "proxy/embedded/udp_echo.h"

namespace {

using namespace brownout;
using namespace brownout::proxy;

void wait_for_end_of_input() {
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

double micros(rules::Duration value) {
  return std::chrono::duration<double, std::micro>(value).count();
}

int run_ping(const Endpoint& server, int connections, rules::Duration length, double interval_ms) {
  const auto interval = rules::Duration(static_cast<std::int64_t>(interval_ms * 1e6));
  const auto pings =
      ping(server, {.connections = connections, .interval = interval, .length = length});
  fmt::print("{{\"per_second\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"errors\":{}}}\n",
             pings.per_second, micros(pings.percentile(0.5)), micros(pings.percentile(0.99)),
             pings.errors);
  return pings.round_trips.empty() ? 1 : 0;
}

int run_connect(const Endpoint& server, int concurrency, rules::Duration length) {
  const auto result = connect_repeatedly(server, concurrency, length);
  fmt::print("{{\"per_second\":{:.1f},\"failed\":{}}}\n", result.per_second, result.failed);
  return result.done == 0 ? 1 : 0;
}

int run_stream(const Endpoint& server, int streams, rules::Duration length) {
  const double rate = stream(server, streams, length, std::chrono::milliseconds(300));
  fmt::print("{{\"gbit_per_second\":{:.3f}}}\n", rate * 8 / 1e9);
  return rate > 0 ? 0 : 1;
}

// Prints the count for each line of input. A client that sends many datagrams compares the counts
// before and after.
int serve_udp(std::uint16_t port) {
  const UdpEchoServer server(port, true);
  if (server.endpoint().host.empty()) return 1;
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
    fmt::print("{{\"received\":{}}}\n", server.received());
    std::fflush(stdout);
  }
  return 0;
}

int run_udp_flood(const Endpoint& server, int sockets, rules::Duration length, double rate) {
  constexpr std::size_t kBytes = 200;  // about one packet of a voice call
  const auto result = flood(server, sockets, kBytes, static_cast<std::int64_t>(rate), length);
  fmt::print("{{\"per_second\":{:.0f}}}\n", result.sent_per_second);
  return result.sent_per_second > 0 ? 0 : 1;
}

// Sends a request and reads the response, which has a Content-Length, to its end.
bool ask(const Fd& fd, const std::string& path, std::vector<char>& buffer) {
  const auto request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::write(fd.get(), request.data(), request.size()) < 0) return false;
  std::size_t have = 0;
  std::size_t all = buffer.size();
  while (have < all) {
    const auto count = ::read(fd.get(), buffer.data() + have, buffer.size() - have);
    if (count <= 0) return false;
    have += static_cast<std::size_t>(count);
    if (all != buffer.size()) continue;
    const std::string_view text(buffer.data(), have);
    const auto end = text.find("\r\n\r\n");
    const auto length = text.find("content-length: ");
    if (end == std::string_view::npos || length == std::string_view::npos) continue;
    all = end + 4 + std::strtoul(text.data() + length + 16, nullptr, 10);
  }
  return true;
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int run_poll(const Endpoint& server, double rate, rules::Duration length,
             std::span<const std::string> paths) {
  using Clock = std::chrono::steady_clock;
  const auto fd = connect_to(server);
  std::vector<char> buffer(8 << 20);
  std::vector<double> times;
  const auto begin = Clock::now();
  const std::chrono::duration<double> pace(1 / rate);
  for (std::size_t i = 0; Clock::now() - begin < length; ++i) {
    const auto asked = Clock::now();
    if (!fd || !ask(fd, paths[i % paths.size()], buffer)) return 1;
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
    std::this_thread::sleep_until(
        begin + std::chrono::duration_cast<Clock::duration>(pace * static_cast<double>(i + 1)));
  }
  fmt::print("{{\"times_ms\":[{:.3f}],\"cpu_s\":{:.3f}}}\n", fmt::join(times, ","),
             own_cpu_seconds());
  return 0;
}

std::string unescaped(std::string text) {
  for (const auto& [written, meant] : {std::pair{"\\r", '\r'}, std::pair{"\\n", '\n'}}) {
    for (auto at = text.find(written); at != std::string::npos; at = text.find(written, at)) {
      text.replace(at, 2, 1, meant);
    }
  }
  return text;
}

bool send_text(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::write(fd.get(), text.data(), text.size());
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Reads until the received bytes end with `end`. Returns their number, or 0 after an error.
std::size_t read_until(const Fd& fd, std::string_view end) {
  std::string received;
  std::array<char, 4096> buffer{};
  while (!received.ends_with(end)) {
    const auto count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count <= 0) return 0;
    received.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received.size();
}

int run_relay(const Endpoint& server, std::size_t count, std::span<const std::string> texts) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kAtOnce = 200;
  const auto subscriber = connect_to(server);
  const auto publisher = connect_to(server);
  const auto ready = unescaped(texts[4]);
  if (!send_text(subscriber, unescaped(texts[0])) || read_until(subscriber, ready) == 0) return 1;
  if (!send_text(publisher, unescaped(texts[1])) || read_until(publisher, ready) == 0) return 1;
  std::string batch;
  for (std::size_t i = 0; i < kAtOnce; ++i) batch += unescaped(texts[2]);
  const auto expected = count / kAtOnce * kAtOnce * unescaped(texts[3]).size();
  const auto begin = Clock::now();
  std::jthread sender([&] {
    for (std::size_t i = 0; i < count / kAtOnce && send_text(publisher, batch); ++i) {
    }
  });
  std::vector<char> buffer(1 << 20);
  std::size_t arrived = 0;
  while (arrived < expected) {
    const auto got = ::read(subscriber.get(), buffer.data(), buffer.size());
    if (got <= 0) return 1;
    arrived += static_cast<std::size_t>(got);
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  fmt::print("{{\"per_second\":{:.1f},\"bytes\":{},\"expected\":{}}}\n",
             static_cast<double>(count) / took.count(), arrived, expected);
  // A NATS server may send a PING of its own, so that the last bytes exceed the messages.
  constexpr std::size_t kMostSurplus = 12;
  return arrived - expected <= kMostSurplus ? 0 : 1;
}

int run_idle(const Endpoint& server, int count) {
  std::vector<Fd> connections;
  for (int i = 0; i < count; ++i) {
    auto fd = connect_to(server);
    char byte = 'x';
    // The completed round trip proves that the proxy has accepted the connection.
    if (fd && ::write(fd.get(), &byte, 1) == 1 && ::read(fd.get(), &byte, 1) == 1) {
      connections.push_back(std::move(fd));
    }
  }
  fmt::print("{{\"open\":{}}}\n", connections.size());
  std::fflush(stdout);
  wait_for_end_of_input();
  return connections.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const auto number = [&](std::size_t i) {
    return i < words.size() ? std::atof(words[i].c_str()) : 0;
  };
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (words.size() < 3) {
    fmt::print(stderr, "usage: load serve|ping|connect|stream|poll|relay|idle PORT [...]\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(number(2));
  const Endpoint server{"127.0.0.1", port, ""};
  if (words[1] == "serve") {
    const EchoServer echo(port);
    if (echo.endpoint().host.empty()) return 1;
    wait_for_end_of_input();
    return 0;
  }
  if (words[1] == "udp-serve") return serve_udp(port);
  const auto count = static_cast<int>(number(3));
  const auto length = rules::Duration(static_cast<std::int64_t>(number(4) * 1e9));
  if (words[1] == "ping") return run_ping(server, count, length, number(5));
  if (words[1] == "connect") return run_connect(server, count, length);
  if (words[1] == "stream") return run_stream(server, count, length);
  if (words[1] == "udp-flood") return run_udp_flood(server, count, length, number(5));
  if (words[1] == "poll" && words.size() > 5) {
    return run_poll(server, number(3), length, std::span(words).subspan(5));
  }
  if (words[1] == "relay" && words.size() > 8) {
    return run_relay(server, static_cast<std::size_t>(count), std::span(words).subspan(4));
  }
  if (words[1] == "idle") return run_idle(server, count);
  return 2;
}
