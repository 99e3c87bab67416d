#include "tests/support/http_world.h"

#include <poll.h>

#include "rules/protocols/http1/codec/http1.h"

namespace brownout::test {
namespace {

using What = codecs::Http1Parser::What;

WorldOptions options_for_http(const std::string& servers, const std::string& listener_keys,
                              const std::string& upstream_keys) {
  WorldOptions options;
  options.upstream = upstream_keys;
  options.listener = "protocol = \"http\"\n" + listener_keys;
  options.servers = servers;
  return options;
}

}  // namespace

HttpServer::HttpServer() {
  thread_ = std::thread([this] {
    while (true) {
      auto fd = std::make_shared<Fd>(listening_.accept());
      if (stopped_) return;
      if (!*fd) continue;
      ++connections_;
      const std::lock_guard lock(mutex_);
      clients_.emplace_back([this, fd] { serve(*fd); });
    }
  });
}

HttpServer::~HttpServer() {
  stopped_ = true;
  // Connect, so that accept() returns.
  { const auto last = proxy::connect_to(endpoint()); }
  thread_.join();
  for (auto& client : clients_) client.join();
}

std::vector<std::string> HttpServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void HttpServer::serve(const Fd& fd) {
  codecs::Http1Parser parser(codecs::Http1Parser::Side::kRequests);
  std::string body;
  std::array<char, 65536> buffer;
  while (!stopped_) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const auto count = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    codecs::ByteView bytes =
        std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(count)));
    while (true) {
      const auto step = parser.next(bytes);
      bytes = bytes.subspan(step.taken);
      for (const auto part : parser.payload()) {
        body.append(reinterpret_cast<const char*>(part.data()), part.size());
      }
      if (step.what == What::kHead) continue;
      if (step.what != What::kEnd) break;
      const auto head = parser.head();
      auto text = head.method + " " + head.target + " " + std::exchange(body, {});
      {
        const std::lock_guard lock(mutex_);
        asked_.push_back(head.text() + text);
      }
      send_all(fd, "HTTP/1.1 200 OK\r\nX-Server: test\r\nContent-Length: " +
                       std::to_string(text.size()) + "\r\n\r\n" + text);
    }
  }
}

HttpWorld::HttpWorld(const std::string& rules, const std::string& listener_keys,
                     const std::string& upstream_keys)
    : proxy(rules, options_for_http(server.address(), listener_keys, upstream_keys)) {}

std::string HttpWorld::get_stuck(const std::string& target) {
  const auto before = proxy.injected();
  const auto client = proxy.connect();
  send_all(client, "GET " + target + " HTTP/1.1\r\nHost: example.org\r\n\r\n");
  const bool acted = eventually([&] { return proxy.injected() > before; });
  const auto later = proxy.connect();
  send_all(later, "GET /later HTTP/1.1\r\nHost: example.org\r\n\r\n");
  if (!acted || receive(later, 12).bytes != "HTTP/1.1 200") return "(the proxy is stuck)";
  const auto got = receive(client, SIZE_MAX, 0ms);
  return got.bytes + (got.ending == Ending::kOpen ? "(open)" : "(ended)");
}

std::string HttpWorld::get(const std::string& target, const std::string& headers,
                           std::chrono::milliseconds patience) {
  const auto client = proxy.connect();
  send_all(client, "GET " + target + " HTTP/1.1\r\nHost: example.org\r\n" + headers + "\r\n");
  auto got = receive(client, SIZE_MAX, patience);
  if (got.ending == Ending::kOpen) {
    proxy.let_workers_turn();
    const auto more = receive(client, SIZE_MAX, 0ms);
    got.bytes += more.bytes;
    got.ending = more.ending;
  }
  if (got.ending == Ending::kOpen) got.bytes += "(open)";
  if (got.ending == Ending::kReset) got.bytes += "(reset)";
  return got.bytes;
}

}  // namespace brownout::test
