#include "tests/support/h2_client_lab.h"

#include <sstream>
#include <utility>

#include "rules/base/units.h"

namespace brownout::test {
namespace {

using What = codecs::Http1Parser::What;

// A line of H2Peer's log with the status alone instead of the whole head; "" for lines that a test
// does not need.
std::string shortened(const std::string& line) {
  std::istringstream words(line);
  std::string event, id, version, status;
  words >> event >> id >> version >> status;
  if (event == "closed") return {};
  if (event != "head" && event != "interim") return line + "\n";
  const bool ended = line.ends_with(" ended");
  return event + " " + id + " " + status + (ended ? " ended" : "") + "\n";
}

}  // namespace

H2ClientLab::H2ClientLab(const std::string& rules, bool http2_server, const std::string& protocol)
    : http2_server_(http2_server),
      protocol_(protocol),
      config_(config_of(rules, protocol)),
      set_(rules::RuleSet::activate(config_.rules, 1, Instant{})),
      facts_(flow_of()) {
  if (!set_->rules().empty()) first_ = set_->rules().front()->state;
  to_upstream_ = std::make_unique<http2::ServerConnection>(
      static_cast<http2::ServerConnection::Wire&>(*this), false);
  connection_ = std::make_unique<http2::ClientConnection>(
      static_cast<http2::ClientConnection::Wire&>(*this), config_.listeners.front());
}

H2ClientLab::~H2ClientLab() { connection_.reset(); }

void H2ClientLab::to_client(http2::ByteView bytes) {
  std::istringstream frames(h2_frames(codecs::text_of(bytes)));
  for (std::string line; std::getline(frames, line);) acks_ += line == "PING 0 ack" ? 1U : 0U;
  client.receive(codecs::text_of(bytes));
}

StreamId H2ClientLab::ask(const std::string& method, const std::string& path,
                          const std::string& body, bool open,
                          const std::vector<rules::HttpHeader>& headers) {
  std::vector<rules::HttpHeader> all{{"host", "a.example"}};
  all.insert(all.end(), headers.begin(), headers.end());
  const bool ends = body.empty() && !open;
  const auto id = client.session.send_request(h2_request(method, path, all), "http", "", ends);
  if (!body.empty()) client.session.send_data(id, codecs::bytes_of(body));
  if (!body.empty() && !open) client.session.send_end(id, {});
  run();
  return id;
}

void H2ClientLab::client_bytes(std::string_view bytes) {
  connection_->client_bytes(codecs::bytes_of(bytes), now_);
  run();
}

void H2ClientLab::ask_for_server(http2::ClientStream& stream, bool) {
  auto& server = servers_[stream.id()];
  server = {};
  server.stream = &stream;
}

void H2ClientLab::drop_server(http2::ClientStream& stream) {
  const auto found = servers_.find(stream.id());
  if (found == servers_.end()) return;
  found->second.stream = nullptr;
  left_.push_back(std::move(found->second));
  servers_.erase(found);
}

// Lets the servers of the streams take a step. Returns whether there was one.
bool H2ClientLab::serve() {
  for (auto& [id, server] : servers_) {
    if (std::exchange(server.dialling, false)) {
      auto& stream = *server.stream;
      if (unreachable) {
        stream.server_failed("nobody is there", false, now_);
      } else if (http2_server_) {
        server.link = to_upstream_->open(stream);
        stream.server_ready(*server.link, now_);
      } else {
        server.requests =
            std::make_unique<codecs::Http1Parser>(codecs::Http1Parser::Side::kRequests);
        server.read = asked[id].size();
        stream.server_ready(false, now_);
      }
      return true;
    }
    if (!reply || !server.requests) continue;
    const auto step = server.requests->next(codecs::bytes_of(asked[id]).subspan(server.read));
    server.read += step.taken;
    if (step.what != What::kEnd) {
      if (step.what == What::kHead) return true;
      continue;
    }
    server.stream->server_bytes(codecs::bytes_of(*reply), now_);
    return true;
  }
  return false;
}

void H2ClientLab::run() {
  for (bool moved = true; moved;) {
    moved = serve();
    connection_->settle(now_);
    const auto up = client.output();
    if (!up.empty() && !connection_->over()) {
      connection_->client_bytes(codecs::bytes_of(up), now_);
      moved = true;
    }
    while (true) {
      const auto bytes = to_upstream_->output(64 * 1024);
      if (bytes.empty()) break;
      upstream.receive(codecs::text_of(bytes));
      moved = true;
    }
    to_upstream_->tell_users(now_);
    const auto down = http2_server_ ? upstream.output() : std::string();
    if (!down.empty()) {
      to_upstream_->receive(codecs::bytes_of(down), now_);
      moved = true;
    }
    left_.clear();
  }
  connection_->settle(now_);
  std::istringstream lines(client.take_log());
  std::string events;
  for (std::string line; std::getline(lines, line);) events += shortened(line);
  if (events.empty()) return;
  if (waited_ > Duration::zero()) seen_ += "+" + rules::to_text(waited_) + "\n";
  waited_ = {};
  seen_ += events;
}

void H2ClientLab::advance(Duration by) {
  const auto until = now_ + by;
  while (!connection_->over() && connection_->deadline() <= until) {
    const auto before = now_;
    now_ = std::max(now_, connection_->deadline());
    waited_ += now_ - before;
    connection_->advance(now_);
    run();
  }
  waited_ += until - now_;
  now_ = until;
}

void H2ClientLab::reload(const std::string& rules) {
  set_ = rules::RuleSet::activate(config_of(rules, protocol_).rules, 1, now_, set_.get());
  connection_->apply(*set_, now_);
  run();
}

void H2ClientLab::server(StreamId id, std::string_view bytes) {
  const auto found = servers_.find(id);
  if (found != servers_.end()) found->second.stream->server_bytes(codecs::bytes_of(bytes), now_);
  run();
}

void H2ClientLab::server_ends(StreamId id, bool reset) {
  const auto found = servers_.find(id);
  if (found != servers_.end()) found->second.stream->server_finished(reset, now_);
  run();
}

std::string H2ClientLab::seen() { return std::exchange(seen_, {}); }

}  // namespace brownout::test
