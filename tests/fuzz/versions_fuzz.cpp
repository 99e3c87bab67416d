// Fuzzes requests of clients of both versions of HTTP, which reach a server of HTTP/1 and one of
// HTTP/2. Both servers must see the same requests, or none, and the bytes to the server of HTTP/1
// must be valid: a difference would let a client smuggle a request past what reads it.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "rules/protocols/http1/codec/http1.h"
#include "tests/fuzz/require.h"
#include "tests/support/h2_client_lab.h"
#include "tests/support/http1_to_2_lab.h"
#include "tests/support/http_lab.h"

using namespace brownout;
using codecs::Http1Parser;
using test::H2Fields;
using test::operator+;

namespace {

// A request as a server understands it.
struct Meaning {
  // As sent; not compared.
  std::string target;
  std::string authority;
  std::string start;   // method and path
  std::string host;    // Host or :authority
  std::string fields;  // names in lower case, with values, in their order
  std::string body;
  std::string trailers;
  bool whole = false;

  // How much has arrived of a message that was broken off does not matter.
  friend bool operator==(const Meaning& a, const Meaning& b) {
    return a.start == b.start && a.host == b.host && a.fields == b.fields && a.whole == b.whole &&
           (!a.whole || (a.body == b.body && a.trailers == b.trailers));
  }
};

// Fields that belong to one connection or to the framing of a body (RFC 9110, 7.6.1).
constexpr std::array<std::string_view, 9> kOfConnection{
    "connection",     "keep-alive",     "proxy-connection", "transfer-encoding", "upgrade", "te",
    "content-length", "http2-settings", "trailer"};

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Trailers do not route or frame a message (RFC 9110, 6.5.1).
std::string trailers_of(const std::vector<rules::HttpHeader>& trailers) {
  std::string text;
  for (const auto& trailer : trailers) {
    const auto name = in_lower_case(trailer.name);
    const bool frames =
        std::find(kOfConnection.begin(), kOfConnection.end(), name) != kOfConnection.end();
    if (!frames && name != "host") text += name + ": " + trailer.value + "\n";
  }
  return text;
}

// Whether a Connection header of the head names the field (RFC 9110, 7.6.1).
bool is_of_connection(const rules::HttpHead& head, const std::string& name) {
  if (std::find(kOfConnection.begin(), kOfConnection.end(), name) != kOfConnection.end())
    return true;
  std::istringstream list(in_lower_case(head.list("connection")));
  for (std::string token; std::getline(list, token, ',');) {
    token.erase(0, token.find_first_not_of(" \t"));
    token.erase(token.find_last_not_of(" \t") + 1);
    if (token == name) return true;
  }
  return false;
}

// Takes a URL in the request line apart, since its authority prevails over the Host header
// (RFC 9112, 3.2.2).
void take_url(Meaning& meaning, const rules::HttpHead& head) {
  const auto mark = head.target.find("://");
  if (head.target.starts_with('/') || mark == std::string::npos) return;
  auto rest = head.target.substr(mark + 3);
  rest.erase(std::min(rest.find('#'), rest.size()));
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  auto path = rest.substr(end);
  if (path.empty()) path = head.method == "OPTIONS" ? "*" : "/";
  if (path.starts_with('?')) path.insert(0, "/");
  meaning.start = head.method + " " + path;
  if (end > 0) meaning.host = rest.substr(0, end);
}

Meaning meaning_of(const rules::HttpHead& head) {
  Meaning meaning;
  meaning.target = head.target;
  meaning.start = head.method + " " + head.target;
  std::optional<std::string> cookies;
  for (const auto& header : head.headers) {
    const auto name = in_lower_case(header.name);
    if (name == "host") {
      meaning.host = header.value;
    } else if (is_of_connection(head, name)) {
      continue;
    } else if (name == "cookie") {  // may be split (RFC 9113, 8.2.3)
      cookies = cookies ? *cookies + "; " + header.value : header.value;
    } else {
      meaning.fields += name + ": " + header.value + "\n";
    }
  }
  if (cookies) meaning.fields += "cookie: " + *cookies + "\n";
  take_url(meaning, head);
  // A :authority of http and https has no user information (RFC 9113, 8.3.1).
  meaning.authority = meaning.host;
  meaning.host.erase(0, meaning.host.rfind('@') + 1);
  return meaning;
}

// The requests in bytes to a server of HTTP/1, which must be valid.
std::vector<Meaning> requests_in(const std::string& stream) {
  Http1Parser parser(Http1Parser::Side::kRequests);
  auto bytes = std::as_bytes(std::span(stream));
  std::vector<Meaning> requests;
  while (true) {
    const auto step = parser.next(bytes);
    require(step.what != Http1Parser::What::kBroken);
    if (step.what == Http1Parser::What::kBody || step.what == Http1Parser::What::kEnd) {
      for (const auto part : parser.payload()) requests.back().body += codecs::text_of(part);
    }
    bytes = bytes.subspan(step.taken);
    if (step.what == Http1Parser::What::kHead) requests.push_back(meaning_of(parser.head()));
    if (step.what == Http1Parser::What::kEnd) {
      requests.back().trailers = trailers_of(parser.trailers());
      requests.back().whole = true;
    }
    if (step.what == Http1Parser::What::kMore || step.what == Http1Parser::What::kBody) break;
  }
  return requests;
}

// The requests that a server of HTTP/2 has received.
std::vector<Meaning> requests_of(const test::H2Peer& server) {
  std::vector<Meaning> requests;
  for (const auto& [id, head] : server.heads) {
    requests.push_back(meaning_of(head));
    auto& request = requests.back();
    const auto body = server.bodies.find(id);
    if (body != server.bodies.end()) request.body = body->second;
    const auto end = server.ends.find(id);
    request.whole = end != server.ends.end();
    // HTTP/1 has no trailers behind a body with a Content-Length (RFC 9112, 7.1.2).
    const bool chunked = head.find("content-length") == nullptr;
    if (request.whole && chunked) request.trailers = trailers_of(end->second);
  }
  return requests;
}

// Takes values from the input; zeros after its end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::size_t number(std::size_t below) {
    const auto text = take(1);
    return text.empty() ? 0 : static_cast<unsigned char>(text.front()) % below;
  }
  std::string text(std::size_t below) { return take(number(below)); }
  std::string rest() { return take(rest_.size()); }
  H2Fields fields(std::size_t below) {
    H2Fields fields;
    for (auto count = number(below); count > 0; --count) {
      auto name = text(32);
      fields.emplace_back(std::move(name), text(64));
    }
    return fields;
  }

 private:
  std::string take(std::size_t size) {
    const std::string text(rest_.substr(0, size));
    rest_.remove_prefix(text.size());
    return text;
  }

  std::string_view rest_;
};

// The frames of one request on the stream 1.
std::string frames_from(Input& input) {
  const auto form = input.number(16);
  const bool has_body = (form & 1U) != 0;
  const bool has_trailers = (form & 2U) != 0;
  const bool unfinished = (form & 4U) != 0;
  const auto fields = (form & 8U) != 0 ? input.fields(10) : test::h2_get() + input.fields(10);
  const auto end_if = [&](bool last) { return last && !unfinished ? test::kEndStream : 0; };
  auto frames =
      test::h2_frame(test::kHeaders, test::kEndHeaders | end_if(!has_body && !has_trailers), 1,
                     test::h2_block(fields));
  if (has_body) {
    const auto first = input.text(256);
    frames += test::h2_frame(test::kData, 0, 1, first);
    frames += test::h2_frame(test::kData, end_if(!has_trailers), 1, input.text(256));
  }
  if (has_trailers) {
    frames += test::h2_frame(test::kHeaders, test::kEndHeaders | end_if(true), 1,
                             test::h2_block(input.fields(4)));
  }
  return frames;
}

void from_http2(Input input) {
  const auto frames = frames_from(input);
  test::H2ClientLab to1("", false);
  test::H2ClientLab to2("", true);
  for (auto* lab : {&to1, &to2}) {
    lab->run();
    lab->client_bytes(frames);
  }
  const auto at1 = requests_in(to1.asked[1]);
  require(at1.size() <= 1);
  require(at1 == requests_of(to2.upstream));
}

// Whether every server of HTTP/2 takes the request. Some refuse hosts and targets with characters
// that URLs do not have, and requests without an authority, which HTTP/1.0 allows.
bool is_usual(const Meaning& meaning) {
  const auto consists_of = [](std::string_view text, std::string_view others) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
      return (c < 128 && std::isalnum(c) != 0) || others.find(static_cast<char>(c)) != others.npos;
    });
  };
  const auto path = std::string_view(meaning.start).substr(meaning.start.find(' ') + 1);
  if (!path.starts_with('/') && meaning.start != "OPTIONS *") return false;
  return !meaning.host.empty() && consists_of(meaning.authority, "-._:[]") &&
         consists_of(meaning.target, "-._~%!$&'()*+,;=:@/?[]");
}

void from_http1(Input input) {
  const auto bytes = input.rest();
  test::HttpLab to1;
  to1.client(bytes);
  // A server may understand CONNECT as the begin of a tunnel.
  const auto& sent = to1.to_server_bytes();
  if (to1.conversation().tunnel() || sent.find("CONNECT") != std::string::npos) return;
  const auto at1 = requests_in(sent);
  test::Http1To2Lab to2;
  to2.client(bytes);
  const auto at2 = requests_of(to2.server);
  require(at2.size() <= at1.size());
  require(std::equal(at2.begin(), at2.end(), at1.begin()));
  // The connection ends with a request that the server refuses, or that is broken off.
  require(at2.size() == at1.size() || !at1[at2.size()].whole || !is_usual(at1[at2.size()]));
}

}  // namespace

// The first byte chooses the client's version.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Input input(data + 1, size - 1);
  data[0] % 2 == 0 ? from_http2(input) : from_http1(input);
  return 0;
}
