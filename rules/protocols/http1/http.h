// HTTP messages as values, for rules: what was asked, what is answered (RFC 9110). The wire format
// is the codec's matter (rules/protocols/http1/codec/http1.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

struct HttpHeader {
  std::string name;  // as it was written
  std::string value;
  std::string line = {};  // as it came, without CRLF; empty for one that a rule made

  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

// A name of a method, a header, a coding... (RFC 9110, 5.6.2).
bool is_token_char(char c);
bool is_token(std::string_view name);
// Header names are the same in any case (RFC 9110, 5.1).
bool same_header_name(std::string_view a, std::string_view b);

struct HttpHead {
  std::string start_line;  // as it came, without CRLF
  std::string method;      // of a request
  std::string target;      // of a request: a path and query, or a URL, an authority, "*"
  int status = 0;          // of a response
  std::vector<HttpHeader> headers;

  // The value of the first header of this name; null if there is none.
  const std::string* find(std::string_view name) const;
  // The values of all headers of this name, as one list (RFC 9110, 5.3).
  std::string list(std::string_view name) const;
  void remove(std::string_view name);
  // One header of this name, where the first of them stood, or at the end.
  void set(std::string_view name, std::string_view value);
  void append(std::string_view name, std::string_view value);
  // A body of that many bytes follows.
  void announce(std::size_t length);
  // Lines that no rule touched as they came, the blank line included.
  std::string text() const;
};

// A request, and its response once that has arrived, as rules match on them.
struct HttpExchange {
  HttpHead request;
  std::string host;   // lower case, without the port; of the target or the Host header
  std::string path;   // without the query
  std::string query;  // behind the ?
  std::optional<HttpHead> response = {};
  // Media types in lower case, without parameters.
  std::string request_type = {};
  std::string response_type = {};

  static HttpExchange of(HttpHead request);
  void set_response(HttpHead head);
};

// Whether a response may have a body: whatever its header says, one to HEAD, 204, 304 and interim
// ones have none (RFC 9110, 6.4.1).
bool may_have_body(std::string_view method, int status);

// What is answered without asking the server.
struct HttpAnswer {
  int status = 503;
  std::vector<HttpHeader> headers;
  std::string body;
};
// Makes it the response to a gRPC call that fails ("trailers only": gRPC over HTTP2, Responses).
void make_grpc(HttpAnswer& answer, std::int64_t grpc_status);
// The phrase of a status code (RFC 9110, 15; RFC 6585); "" for one that has none.
std::string_view reason_phrase(int status);

// "404", "5xx", or "500-504".
struct StatusRange {
  int first = 0;
  int last = 0;
  bool contains(int status) const { return first <= status && status <= last; }
};

template <>
struct ValueKind<StatusRange> {
  static std::string name() { return "status"; }
  static Result<StatusRange> read(const Node& node);
  static std::string print(const StatusRange& value);
};

// A table of header names and values.
template <>
struct ValueKind<std::vector<HttpHeader>> {
  static std::string name() { return "table of headers"; }
  static Result<std::vector<HttpHeader>> read(const Node& node);
  static std::string print(const std::vector<HttpHeader>&) { return "none"; }
};

// "a text without CR, LF or NUL", as a header can carry it; an error says what is wrong.
Result<HttpHeader> make_header(std::string name, std::string value);

}  // namespace brownout::rules
