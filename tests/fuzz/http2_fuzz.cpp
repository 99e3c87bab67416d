// Fuzzes an HTTP/2 session with any bytes. The first byte chooses the role, the sizes of the pieces
// and what the owner does. Events must not depend on how the stream is cut, each stream must end
// once, and the output must be bounded and drain.
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "rules/protocols/http2/codec/session.h"
#include "tests/fuzz/require.h"

using namespace brownout;
using codecs::ByteView;
using http2::Session;
using http2::StreamId;

namespace {

// An owner that answers each request, and writes events down.
class Peer final : public Session::Owner {
 public:
  Peer(Session::Role role, bool answers) : answers_(answers), session(role, *this, options()) {
    if (role == Session::Role::kServer) return;
    rules::HttpHead head;
    head.method = "POST";
    head.target = "/";
    head.append("Host", "a");
    for (int i = 0; i < 3; ++i) session.send_request(head, "https", "", i == 1);
    session.send_data(1, codecs::bytes_of("body"));
  }

  // Takes all output, in parts of bounded size.
  void drain() {
    std::size_t total = 0;
    while (true) {
      const auto bytes = session.output(1000);
      if (bytes.empty()) break;
      require(bytes.size() < 1000 + 16'384 + 9);
      total += bytes.size();
      require(total < 16 * 1024 * 1024);
    }
    require(!session.wants_output());
  }

  std::string log;

 private:
  static Session::Options options() {
    Session::Options options;
    options.stream_window = 1000;
    options.connection_window = 70'000;
    options.max_concurrent_streams = 8;
    options.max_head = 4096;
    options.max_headers = 32;
    return options;
  }
  void note(const std::string& event, StreamId id) {
    require(!failed_);
    log += event + ' ' + std::to_string(id) + '\n';
  }
  // No event of a stream comes after its end.
  void alive(StreamId id) const { require(closed_.count(id) == 0 && id > 0); }
  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override {
    alive(id);
    note("head " + head.text() + std::string(scheme) + std::string(protocol) + (ended ? "." : ""),
         id);
    if (!answers_ || head.status != 0) return;
    require(!head.method.empty() && !head.target.empty());
    rules::HttpHead response;
    response.status = 200;
    session.send_interim(id, response);
    session.send_response(id, response, false);
    session.send_data(id, codecs::bytes_of(head.target));
    session.send_end(id, head.headers);
  }
  void on_interim(StreamId id, rules::HttpHead&& head) override {
    alive(id);
    note("interim " + head.text(), id);
  }
  void on_data(StreamId id, ByteView bytes) override {
    alive(id);
    require(!bytes.empty());
    size_[id] += bytes.size();
    if (answers_) session.consumed(id, bytes.size());
    if (answers_ && size_[id] > 3000) session.reset(id, 8);
  }
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override {
    alive(id);
    note("end " + std::to_string(size_[id]) + ":" + std::to_string(trailers.size()), id);
  }
  void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view) override {
    alive(id);
    note("reset " + std::to_string(code) + (refused ? " refused" : ""), id);
  }
  void on_closed(StreamId id) override {
    alive(id);
    closed_.insert(id);
    note("closed", id);
  }
  void on_sent(StreamId id, std::size_t bytes) override {
    alive(id);
    require(bytes > 0);
  }
  void on_goaway(StreamId last, std::uint32_t code) override {
    note("goaway " + std::to_string(code), last);
  }
  void on_settings(std::uint32_t max_concurrent_streams) override {
    note("settings", static_cast<StreamId>(max_concurrent_streams & 0xffff));
  }
  void on_failed(std::string_view why) override {
    note("failed " + std::string(why), 0);
    failed_ = true;
  }
  void on_priority_update(StreamId id, std::string_view value) override {
    note("priority " + std::string(value), id);
  }

  bool answers_;
  bool failed_ = false;
  std::set<StreamId> closed_;
  std::map<StreamId, std::size_t> size_;

 public:
  Session session;
};

std::string run(ByteView bytes, Session::Role role, bool answers, std::size_t piece) {
  Peer peer(role, answers);
  rules::Instant now{};
  std::string all = role == Session::Role::kServer ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "";
  all += std::string("\0\0\0\4\0\0\0\0\0", 9);
  all += codecs::text_of(bytes);
  const auto input = codecs::bytes_of(all);
  for (std::size_t at = 0; at < input.size() && !peer.session.over(); at += piece) {
    peer.session.receive(input.subspan(at, std::min(piece, input.size() - at)), now);
    if (answers) peer.drain();
  }
  peer.drain();
  for (StreamId id = 1; id < 64; ++id) peer.session.reset(id, 8);
  peer.drain();
  if (!peer.session.over()) {
    peer.session.shut_down();
    peer.drain();
  }
  return peer.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto role = (data[0] & 1) != 0 ? Session::Role::kServer : Session::Role::kClient;
  run(bytes, role, true, data[0] / 4 + 1U);
  // Without answers the output does not change the state, so that the pieces must not matter.
  const auto whole = run(bytes, role, false, SIZE_MAX / 2);
  require(whole == run(bytes, role, false, data[0] / 4 + 1U));
  return 0;
}
