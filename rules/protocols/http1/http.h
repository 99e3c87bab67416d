// HTTP requests and responses as plain values, which rules match and modify (RFC 9110).
//
// rules/protocols/http1/codec/http1.h parses them from the wire format.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/instant.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

struct HttpHeader {
  std::string name;  // name of the header as received, in its original case
  std::string value;
  // Whole line as received, without CRLF; empty for a header that a rule adds.
  std::string line = {};
  // Whether the codec of HTTP/2 has received the header, and thus checked its name and value
  // (RFC 9113, 8.2). False for a header that a rule adds.
  bool checked = false;

  friend bool operator==(const HttpHeader& a, const HttpHeader& b) {
    return a.name == b.name && a.value == b.value && a.line == b.line;
  }
};

// By character: the results of is_token_char(), which is called for each character of each header.
inline constexpr auto kTokenChars = [] {
  std::array<bool, 256> all{};
  for (char c = '0'; c <= '9'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) all[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    all[static_cast<unsigned char>(c)] = true;
  return all;
}();

// Whether `c` may be part of a token, that is, the name of a method, header or coding (RFC 9110,
// 5.6.2).
constexpr bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }
bool is_token(std::string_view name);
// Returns the standard method that equals `text` except for its case, e.g. "POST" for "post"; "" if
// there is none. For hints, since methods are case-sensitive (RFC 9110, 9.1).
std::string_view method_in_upper_case(std::string_view text);
// Compares texts of the same size and ignores case.
bool same_folded(std::string_view a, std::string_view b);
// Compares header names and ignores case (RFC 9110, 5.1). Most pairs differ in size.
inline bool same_header_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_folded(a, b);
}

struct HttpHead {
  std::string start_line;  // first line as received, without CRLF; "" over HTTP/2
  std::string method;      // set for requests only
  std::string target;      // set for requests only: a path and query, a URL, an authority, or "*"
  int status = 0;          // set for responses only
  std::vector<HttpHeader> headers;

  // Returns the value of the first header of this name; null if there is none.
  const std::string* find(std::string_view name) const;
  // Returns the values of all headers of this name, joined to one list (RFC 9110, 5.3).
  std::string list(std::string_view name) const;
  void remove(std::string_view name);
  // Replaces all headers of this name by one at the position of the first. Appends the header if
  // there is none.
  void set(std::string_view name, std::string_view value);
  void append(std::string_view name, std::string_view value);
  // Sets Content-Length to `length` bytes and removes Transfer-Encoding.
  void announce(std::size_t length);
  // Returns the head as text of HTTP/1 with the blank line at its end. Unmodified header lines are
  // as received.
  std::string text() const;
};

// A request and, once received, its response, with those parts of the request that rules match.
struct HttpExchange {
  HttpHead request;
  std::string host;   // host from the target or the Host header, in lower case, without the port
  std::string path;   // path of the target, without the query
  std::string query;  // query of the target, without the "?"
  int version = 1;    // major version of HTTP that the client speaks
  // Whether the request has a body. No value for HTTP/1, where the headers of the request show it.
  std::optional<bool> request_has_body = {};
  std::optional<HttpHead> response = {};
  // Media types (Content-Type) in lower case, without parameters.
  std::string request_type = {};
  std::string response_type = {};
  // Sizes in bytes of the bodies that are forwarded; no value if they are unknown. Each is set when
  // its body begins.
  std::optional<std::uint64_t> request_length = {};
  std::optional<std::uint64_t> response_length = {};

  static HttpExchange of(HttpHead request);
  // Sets `request`, and the parts of it that rules match.
  void set_request(HttpHead head);
  void set_response(HttpHead head);
};

// Whether the method is CONNECT, after which a tunnel begins (RFC 9110, 9.3.6).
constexpr bool is_connect(std::string_view method) { return method == "CONNECT"; }

// Whether a response may have a body (RFC 9110, 6.4.1). Responses to HEAD, interim responses, 204
// and 304 have none, regardless of their headers. After a 2xx response to CONNECT, a tunnel begins
// instead.
bool may_have_body(std::string_view method, int status);

// A response that the proxy generates itself, without the server.
struct HttpAnswer {
  int status = 503;
  std::vector<HttpHeader> headers;
  std::string body;
  std::vector<HttpHeader> trailers = {};
  // If set, the response stays open after `body`, until this time or until the rule is removed.
  std::optional<Instant> open_until = {};
};
// Changes the answer to a request into a failed gRPC call ("Trailers-Only" in "gRPC over HTTP2",
// section Responses). A request of gRPC-Web gets its own media type: PROTOCOL-WEB.md lets trailers
// of a response without messages be in the head, too.
void make_grpc(HttpAnswer& answer, const HttpExchange& asked, std::int64_t grpc_status);
// Returns the reason phrase of a status code (RFC 9110, 15; RFC 6585), or "" for an unknown code.
std::string_view reason_phrase(int status);
// Returns the first line of an HTTP/1.1 response: "HTTP/1.1 404 Not Found" (RFC 9112, 4).
std::string status_line(int status);

// A range of status codes, written as "404", "5xx" or "500-504".
struct StatusRange {
  int first = 0;
  int last = 0;
  bool contains(int status) const { return first <= status && status <= last; }
  static Result<StatusRange> parse(std::string_view text);
};

template <>
struct ValueKind<StatusRange> {
  static std::string name() { return "status"; }
  static Result<StatusRange> read(const Node& node);
  static std::string print(const StatusRange& value);
};

// Reads a table of header names and values.
template <>
struct ValueKind<std::vector<HttpHeader>> {
  static std::string name() { return "table of headers"; }
  static Result<std::vector<HttpHeader>> read(const Node& node);
  static std::string print(const std::vector<HttpHeader>&) { return "none"; }
};

// Creates a header. Fails if the name is not a token or the value contains CR, LF or NUL.
Result<HttpHeader> make_header(std::string name, std::string value);

}  // namespace brownout::rules
