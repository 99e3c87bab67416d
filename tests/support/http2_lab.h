// Helpers for tests of http2::Session: an Owner that writes its events down, two Sessions that talk
// to each other, and frames as text.
//
//   Http2Lab lab;
//   const auto id = lab.client.session.send_request(get("/"), "http", "", true);
//   lab.run();
//   EXPECT_EQ(lab.server.log, "head 1 GET / HTTP/2 ended\n");
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "rules/protocols/http2/codec/session.h"

namespace brownout::test {

using http2::Session;
using http2::StreamId;

// A frame as bytes (RFC 9113, 4.1).
inline std::string h2_frame(int type, int flags, StreamId stream, std::string_view payload = {}) {
  const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xff); };
  const auto id = static_cast<std::size_t>(stream);
  std::string frame{byte(payload.size() >> 16),
                    byte(payload.size() >> 8),
                    byte(payload.size()),
                    static_cast<char>(type),
                    static_cast<char>(flags),
                    byte(id >> 24),
                    byte(id >> 16),
                    byte(id >> 8),
                    byte(id)};
  return frame.append(payload);
}
inline std::string h2_number(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}
// A setting of a SETTINGS frame.
inline std::string h2_setting(std::uint32_t id, std::uint32_t value) {
  return h2_number(id).substr(2) + h2_number(value);
}

using H2Fields = std::vector<std::pair<std::string, std::string>>;
// A header block of literals without indexing (RFC 7541, 6.2.2).
inline std::string h2_block(const H2Fields& fields) {
  const auto text = [](const std::string& value) {
    std::string coded;
    if (value.size() < 127) {
      coded += static_cast<char>(value.size());
    } else {
      coded += '\x7f';
      auto rest = value.size() - 127;
      for (; rest >= 128; rest /= 128) coded += static_cast<char>(rest % 128 + 128);
      coded += static_cast<char>(rest);
    }
    return coded + value;
  };
  std::string block;
  for (const auto& [name, value] : fields) block += '\0' + text(name) + text(value);
  return block;
}
inline H2Fields h2_get(const std::string& path = "/") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", path}};
}
inline H2Fields operator+(H2Fields left, const H2Fields& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum H2Type { kData, kHeaders, kPriority, kRst, kSettings, kPush, kPing, kGoaway, kWindow, kCont };
inline constexpr int kH2PriorityUpdate = 0x10;
inline constexpr int kEndStream = 1;
inline constexpr int kAck = 1;
inline constexpr int kEndHeaders = 4;
inline constexpr int kPadded = 8;

// The frames in `bytes` as text, one a line: type, stream, then the error code of RST_STREAM, the
// last id and code of GOAWAY, the increment of WINDOW_UPDATE, or flags and length.
inline std::string h2_frames(std::string_view bytes) {
  static const std::vector<std::string> kTypes{
      "DATA", "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
      "PUSH", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
  };
  if (bytes.starts_with(kH2Preface)) bytes.remove_prefix(kH2Preface.size());
  std::string text;
  while (bytes.size() >= 9) {
    const auto length = number(0, 3);
    const auto type = number(3, 1);
    const auto flags = number(4, 1);
    text += type < kTypes.size() ? kTypes[type] : "TYPE" + std::to_string(type);
    text += ' ' + std::to_string(number(5, 4) & 0x7fffffffU);
    if (type == kRst) text += ' ' + std::to_string(number(9, 4));
    if (type == kWindow) text += ' ' + std::to_string(number(9, 4));
    if (type == kGoaway) {
      text += ' ' + std::to_string(number(9, 4)) + ' ' + std::to_string(number(13, 4));
    }
    if (type == kData) text += ' ' + std::to_string(length);
    if ((type == kData || type == kHeaders) && (flags & kEndStream) != 0) text += " end";
    if ((type == kSettings || type == kPing) && (flags & kAck) != 0) text += " ack";
    text += '\n';
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 9 + length));
  }
  return text;
}

// An Owner that writes events into `log`, one a line. It consumes data at once, unless `takes` is
// false.
class H2Peer final : public Session::Owner {
 public:
  explicit H2Peer(Session::Role role, const Session::Options& options = {})
      : session(role, *this, options) {}

  // Returns all bytes that the session has to send.
  std::string output(std::size_t most = 64 * 1024) {
    std::string all;
    while (true) {
      const auto bytes = session.output(most);
      if (bytes.empty()) return all;
      largest_output = std::max(largest_output, bytes.size());
      all += codecs::text_of(bytes);
    }
  }
  void receive(std::string_view bytes) { session.receive(codecs::bytes_of(bytes), now); }
  std::string take_log() { return std::exchange(log, {}); }

  std::string log;
  bool takes = true;
  bool logs_data = true;
  bool logs_sent = false;
  std::map<StreamId, rules::HttpHead> heads;
  std::map<StreamId, std::string> bodies;
  std::map<StreamId, std::vector<rules::HttpHeader>> ends;  // trailers of messages that have ended
  std::map<StreamId, std::size_t> not_consumed;
  std::size_t largest_output = 0;
  std::uint32_t peer_streams = 0;
  rules::Instant now{};
  // Called with the event after it was written down.
  std::function<void(const std::string& event, StreamId id)> on_event = [](auto&, auto) {};
  Session session;

 private:
  void note(const std::string& event, StreamId id, const std::string& rest = {}) {
    log += event + ' ' + std::to_string(id) + (rest.empty() ? "" : " " + rest) + '\n';
    on_event(event, id);
  }
  static std::string text(const std::vector<rules::HttpHeader>& headers) {
    std::string all;
    for (const auto& header : headers) all += '[' + header.name + ": " + header.value + ']';
    return all;
  }
  // Returns the head's first line as HTTP/1 would write it.
  static std::string line_of(const rules::HttpHead& head) {
    if (head.status == 0) return head.method + ' ' + head.target + " HTTP/2";
    const auto phrase = std::string(rules::reason_phrase(head.status));
    return "HTTP/2 " + std::to_string(head.status) + (phrase.empty() ? "" : " " + phrase);
  }
  static std::string text(const rules::HttpHead& head) {
    return line_of(head) + (head.headers.empty() ? "" : " ") + text(head.headers);
  }
  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override {
    auto line = text(head);
    heads[id] = std::move(head);
    if (ended) ends[id] = {};
    if (!scheme.empty()) line += " " + std::string(scheme);
    if (!protocol.empty()) line += " protocol=" + std::string(protocol);
    note("head", id, line + (ended ? " ended" : ""));
  }
  void on_interim(StreamId id, rules::HttpHead&& head) override { note("interim", id, text(head)); }
  void on_data(StreamId id, http2::ByteView bytes) override {
    bodies[id] += codecs::text_of(bytes);
    if (logs_data) {
      note("data", id, std::string(codecs::text_of(bytes)));
    } else {
      on_event("data", id);
    }
    if (takes) {
      session.consumed(id, bytes.size());
    } else {
      not_consumed[id] += bytes.size();
    }
  }
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override {
    const auto line = text(trailers);
    ends[id] = std::move(trailers);
    note("end", id, line);
  }
  void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) override {
    note("reset", id,
         std::to_string(code) + (refused ? " refused" : "") + (why.empty() ? "" : ": ") +
             std::string(why));
  }
  void on_closed(StreamId id) override { note("closed", id); }
  void on_sent(StreamId id, std::size_t bytes) override {
    if (logs_sent) note("sent", id, std::to_string(bytes));
    on_event("sent", id);
  }
  void on_goaway(StreamId last, std::uint32_t code) override {
    note("goaway", last, std::to_string(code));
  }
  void on_settings(std::uint32_t max_concurrent_streams) override {
    peer_streams = max_concurrent_streams;
  }
  void on_failed(std::string_view why) override { note("failed", 0, std::string(why)); }
  void on_priority_update(StreamId id, std::string_view value) override {
    note("priority", id, std::string(value));
  }
};

// A session whose peer is the test.
struct H2Raw {
  explicit H2Raw(Session::Role role, const Session::Options& options = {}) : peer(role, options) {
    const bool server = role == Session::Role::kServer;
    peer.receive((server ? std::string(kH2Preface) : "") + h2_frame(kSettings, 0, 0));
    peer.output();
    peer.receive(h2_frame(kSettings, kAck, 0));
  }
  // Returns the frames that the session sends in answer to these bytes.
  std::string answer(std::string_view bytes) {
    peer.receive(bytes);
    return h2_frames(peer.output());
  }
  H2Peer peer;
};

// A client and a server that exchange bytes in chunks.
class Http2Lab {
 public:
  explicit Http2Lab(const Session::Options& at_server = {}, const Session::Options& at_client = {})
      : client(Session::Role::kClient, at_client), server(Session::Role::kServer, at_server) {}

  // Exchanges bytes until neither side has any. `seed` determines the sizes of chunks; 0 means
  // whole outputs.
  void run(unsigned seed = 0) {
    std::mt19937 random(seed);
    for (bool moved = true; moved;) {
      moved = pass(client, server, random, seed != 0);
      moved = pass(server, client, random, seed != 0) || moved;
    }
  }

  H2Peer client;
  H2Peer server;

 private:
  static bool pass(H2Peer& from, H2Peer& to, std::mt19937& random, bool cuts) {
    const auto most = cuts ? 1 + random() % 20'000 : 64 * 1024;
    const std::string bytes(codecs::text_of(from.session.output(most)));
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = cuts ? 1 + random() % (random() % 4 == 0 ? 3000 : 20) : bytes.size();
      to.receive(std::string_view(bytes).substr(at, size));
      at += size;
    }
    return !bytes.empty();
  }
};

// The number of random talks of a property test.
inline constexpr unsigned kH2Seeds = 40;

// A text of this size, in which any shift of bytes shows.
inline std::string h2_pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

inline rules::HttpHead h2_request(const std::string& method, const std::string& target,
                                  std::vector<rules::HttpHeader> headers = {
                                      {"Host", "a.example"}}) {
  rules::HttpHead head;
  head.start_line = method + ' ' + target + " HTTP/1.1";
  head.method = method;
  head.target = target;
  head.headers = std::move(headers);
  return head;
}
inline rules::HttpHead h2_response(int status, std::vector<rules::HttpHeader> headers = {}) {
  rules::HttpHead head;
  head.start_line = "HTTP/1.1 " + std::to_string(status);
  head.status = status;
  head.headers = std::move(headers);
  return head;
}

}  // namespace brownout::test
