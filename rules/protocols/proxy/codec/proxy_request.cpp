#include "rules/protocols/proxy/codec/proxy_request.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "rules/base/base64.h"
#include "rules/protocols/http1/forward.h"

namespace brownout::codecs {
namespace {

using rules::IpAddress;

constexpr std::uint8_t kSocks4Version = 4;
constexpr std::string_view kConnect = "CONNECT ";
constexpr char kGranted4 = 90;
constexpr char kRefused4 = 91;  // code for "rejected or failed"; the other codes are about identd

// Constants of SOCKS5 (RFC 1928, 3 to 6).
constexpr char kVersion = 5;
constexpr std::uint8_t kConnectCommand = 1;  // command CONNECT; the same number in SOCKS4
constexpr std::uint8_t kNoAuth = 0;
constexpr std::uint8_t kByPassword = 2;
constexpr char kNoMethod = '\xff';
enum Reply : char {
  kDone = 0,
  kHostUnreachable = 4,
  kConnectionRefused = 5,
  kNoCommand = 7,
  kNoAddressType = 8
};

std::uint16_t number16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(octet(bytes, at) << 8 | octet(bytes, at + 1));
}

std::string string_at(ByteView bytes, std::size_t at, std::size_t length) {
  return std::string(text_of(bytes.subspan(at, length)));
}

// Returns a SOCKS5 reply. Its bound address is 0.0.0.0:0, because clients do not need the address
// for CONNECT.
std::string socks_reply(Reply code) {
  return std::string{kVersion, static_cast<char>(code), 0, 1} + std::string(6, '\0');
}

std::string socks4_reply(char code) { return std::string{0, code} + std::string(6, '\0'); }

// Returns the text from `at` to its zero byte, or no value if the zero byte has not arrived. A text
// longer than `most` bytes is returned as its first `most` + 1 bytes, so that the caller can reject
// it.
std::optional<std::string_view> terminated(std::string_view text, std::size_t at,
                                           std::size_t most) {
  const auto rest = text.substr(std::min(at, text.size()));
  const auto some = rest.substr(0, most + 1);
  const auto end = some.find('\0');
  if (end == std::string_view::npos && some.size() <= most) return std::nullopt;
  return some.substr(0, end);
}

// Returns the size of the request's head, which ends with an empty line; npos if the head is
// incomplete. Lines may end in LF alone (RFC 9112, 2.2).
std::size_t end_of_head(std::string_view text) {
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1).starts_with('\n')) return at + 2;
    if (text.substr(at + 1).starts_with("\r\n")) return at + 3;
  }
  return std::string_view::npos;
}

std::string_view first_line(std::string_view text) {
  auto line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Whether the text may be an HTTP request. Checks an incomplete first line, too: bytes of another
// protocol may contain no line end, and the client must get an error at once.
bool may_be_http(std::string_view text) {
  const auto line = first_line(text);
  return std::all_of(line.begin(), line.end(),
                     [](unsigned char c) { return std::isprint(c) != 0; });
}

std::string http_reply(std::string_view status, std::string_view text,
                       std::string_view headers = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
         "content-type: text/plain\r\ncontent-length: " + std::to_string(text.size() + 1) +
         "\r\nconnection: close\r\n\r\n" + std::string(text) + "\n";
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

ProxyRequest::Step ProxyRequest::feed(ByteView bytes) {
  if (bytes.empty()) return {};
  if (stage_ == Stage::kFirst) {
    const auto first = octet(bytes, 0);
    protocol_ = first == kVersion         ? Protocol::kSocks5
                : first == kSocks4Version ? Protocol::kSocks4
                                          : Protocol::kHttp;
  }
  if (protocol_ == Protocol::kHttp) return http_request(bytes);
  if (protocol_ == Protocol::kSocks4) return socks4_request(bytes);
  switch (stage_) {
    case Stage::kFirst:
      return greet(bytes);
    case Stage::kPassword:
      return check_password(bytes);
    case Stage::kRequest:
      return socks_request(bytes);
    case Stage::kDone:
      break;
  }
  return {.state = State::kTarget};
}

ProxyRequest::Step ProxyRequest::greet(ByteView bytes) {
  if (bytes.size() < 2 || bytes.size() < 2U + octet(bytes, 1)) return {};
  const std::size_t length = 2U + octet(bytes, 1);
  const auto methods = bytes.subspan(2, length - 2);
  const auto offers = [&](std::uint8_t method) {
    return std::find(methods.begin(), methods.end(), std::byte{method}) != methods.end();
  };
  const bool anybody = open() && offers(kNoAuth);
  // A client with a password may offer only the password method. Accept it even if no password is
  // required.
  if (!anybody && !offers(kByPassword)) return {State::kRefused, length, {kVersion, kNoMethod}};
  stage_ = anybody ? Stage::kRequest : Stage::kPassword;
  return {State::kMore, length, {kVersion, static_cast<char>(anybody ? kNoAuth : kByPassword)}};
}

// Reads user name and password (RFC 1929, 2).
ProxyRequest::Step ProxyRequest::check_password(ByteView bytes) {
  if (bytes.size() < 2) return {};
  const std::size_t name = octet(bytes, 1);
  if (bytes.size() < 3 + name) return {};
  const std::size_t password = octet(bytes, 2 + name);
  const auto length = 3 + name + password;
  if (bytes.size() < length) return {};
  if (octet(bytes, 0) != 1 ||
      !may_pass(string_at(bytes, 2, name), string_at(bytes, 3 + name, password))) {
    return {State::kRefused, length, {1, 1}};
  }
  stage_ = Stage::kRequest;
  return {State::kMore, length, {1, 0}};
}

// Reads a SOCKS4 request: VN, CD, DSTPORT, DSTIP, USERID and NULL. In SOCKS4a, DSTIP is 0.0.0.x,
// and a host name follows.
ProxyRequest::Step ProxyRequest::socks4_request(ByteView bytes) {
  constexpr std::size_t kTexts = 8;
  if (bytes.size() < kTexts) return {};
  const auto text = text_of(bytes);
  const auto refused = [&] { return Step{State::kRefused, bytes.size(), socks4_reply(kRefused4)}; };
  const auto user = terminated(text, kTexts, kMostName);
  if (!user) return {};
  if (octet(bytes, 1) != kConnectCommand || user->size() > kMostName) return refused();
  if (!open() && !may_pass(*user, "")) return refused();
  auto length = kTexts + user->size() + 1;
  std::array<std::uint8_t, 4> octets{};
  std::memcpy(octets.data(), bytes.data() + 4, octets.size());
  auto host = to_text(IpAddress::v4(octets));
  const bool by_name = octets[0] == 0 && octets[1] == 0 && octets[2] == 0 && octets[3] != 0;
  if (by_name) {
    const auto name = terminated(text, length, kMostName);
    if (!name) return {};
    if (name->size() > kMostName) return refused();
    length += name->size() + 1;
    host = *name;
  }
  return aim(std::move(host), number16(bytes, 2), length);
}

// Stores the target host and port, or refuses a target that no connection can reach.
ProxyRequest::Step ProxyRequest::aim(std::string host, std::uint16_t port, std::size_t length) {
  // The name is passed to the resolver, so only printable ASCII characters without blanks are
  // allowed.
  const bool clean =
      std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isgraph(c) != 0; });
  if (!clean || host.empty() || port == 0) {
    return {State::kRefused, length, refusal(kHostUnreachable)};
  }
  target_ = {std::move(host), port, ""};
  stage_ = Stage::kDone;
  return {State::kTarget, length, {}};
}

ProxyRequest::Step ProxyRequest::socks_request(ByteView bytes) {
  if (bytes.size() < 5) return {};
  const auto type = octet(bytes, 3);
  const bool known = type == 1 || type == 3 || type == 4;
  if (!known) return {State::kRefused, bytes.size(), socks_reply(kNoAddressType)};
  const std::size_t size = type == 1 ? 4 : type == 4 ? 16 : octet(bytes, 4);
  const std::size_t begin = type == 3 ? 5 : 4;
  const auto length = begin + size + 2;
  if (bytes.size() < length) return {};
  if (octet(bytes, 0) != kVersion || octet(bytes, 1) != kConnectCommand) {
    return {State::kRefused, length, socks_reply(kNoCommand)};
  }
  auto host = string_at(bytes, begin, size);
  if (type == 1) {
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), bytes.data() + begin, octets.size());
    host = to_text(IpAddress::v4(octets));
  } else if (type == 4) {
    IpAddress address;
    std::memcpy(address.bytes.data(), bytes.data() + begin, address.bytes.size());
    host = to_text(address);
  }
  return aim(std::move(host), number16(bytes, length - 2), length);
}

ProxyRequest::Step ProxyRequest::http_request(ByteView bytes) {
  const auto text = text_of(bytes);
  constexpr std::string_view kOther = "neither SOCKS nor HTTP";
  if (!may_be_http(text)) {
    return {State::kRefused, text.size(), http_reply("400 Bad Request", kOther)};
  }
  const auto length = end_of_head(text.substr(0, kMostHead));
  if (length == std::string_view::npos) {
    if (text.size() < kMostHead) return {};
    return {State::kRefused, text.size(),
            http_reply("431 Request Header Fields Too Large", "too large")};
  }
  const auto line = first_line(text);
  const auto version = line.rfind(" HTTP/1.");
  if (version == std::string_view::npos) {
    return {State::kRefused, length, http_reply("400 Bad Request", kOther)};
  }
  if (!open() && !authorized(text.substr(0, length))) {
    return {State::kRefused, length,
            http_reply("407 Proxy Authentication Required",
                       "this proxy requires a user name and a password",
                       "proxy-authenticate: Basic realm=\"brownout\"\r\n")};
  }
  const auto request = line.substr(0, version);
  return request.starts_with(kConnect) ? connect_request(request.substr(kConnect.size()), length)
                                       : url_request(request, length);
}

// Reads the server from a request for an http:// URL. Consumes no bytes, because the HTTP parser
// must read the request again.
ProxyRequest::Step ProxyRequest::url_request(std::string_view line, std::size_t length) {
  const auto space = line.find(' ');
  const auto server = rules::server_of(space == line.npos ? "" : line.substr(space + 1));
  if (!server) {
    return {State::kRefused, length,
            http_reply("400 Bad Request",
                       server.error().what + ": this proxy takes SOCKS, CONNECT and http:// URLs")};
  }
  target_ = *server;
  stage_ = Stage::kDone;
  return {State::kForward, 0, {}};
}

ProxyRequest::Step ProxyRequest::connect_request(std::string_view target, std::size_t length) {
  const auto endpoint = rules::parse_endpoint(target);
  if (!endpoint || endpoint->is_unix() || endpoint->port == 0) {
    return {State::kRefused, length, http_reply("400 Bad Request", "CONNECT needs host:port")};
  }
  target_ = *endpoint;
  stage_ = Stage::kDone;
  return {State::kTarget, length, {}};
}

bool ProxyRequest::may_pass(std::string_view username, std::string_view password) const {
  if (open()) return true;
  // Always compare both, so that the time taken does not reveal whether the user name is correct.
  const bool name = same(username, credentials_.username);
  const bool word = same(password, credentials_.password);
  return name && word;
}

bool is_authorized(std::string_view value, const ProxyRequest::Credentials& wanted) {
  constexpr std::string_view kBasic = "basic ";  // in any case (RFC 9110, 11.1)
  if (lower(value.substr(0, kBasic.size())) != kBasic) return false;
  return same(trimmed(value.substr(kBasic.size())),
              rules::to_base64(wanted.username + ":" + wanted.password));
}

bool ProxyRequest::authorized(std::string_view head) const {
  constexpr std::string_view kName = "proxy-authorization:";
  for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    auto line = head.substr(at + 1, head.find('\n', at + 1) - at - 1);
    if (lower(line.substr(0, kName.size())) != kName) continue;
    return is_authorized(trimmed(line.substr(kName.size())), credentials_);
  }
  return false;
}

std::string ProxyRequest::connected() const {
  switch (protocol_) {
    case Protocol::kSocks5:
      return socks_reply(Reply::kDone);
    case Protocol::kSocks4:
      return socks4_reply(kGranted4);
    case Protocol::kHttp:
      break;
  }
  return "HTTP/1.1 200 Connection established\r\n\r\n";
}

std::string ProxyRequest::refusal(char socks5) const {
  return protocol_ == Protocol::kSocks4 ? socks4_reply(kRefused4)
                                        : socks_reply(static_cast<Reply>(socks5));
}

std::string ProxyRequest::failed(Failure why, std::string_view text) const {
  if (protocol_ == Protocol::kHttp) return http_reply("502 Bad Gateway", text);
  return refusal(why == Failure::kRefused ? kConnectionRefused : kHostUnreachable);
}

}  // namespace brownout::codecs
