#include "proxy/codecs/proxy_request.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace brownout::codecs {
namespace {

using rules::IpAddress;

// RFC 1928, 3 to 6.
constexpr char kVersion = 5;
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

std::uint8_t octet(ByteView bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

std::string string_at(ByteView bytes, std::size_t at, std::size_t length) {
  return std::string(text_of(bytes.subspan(at, length)));
}

// Bound to nothing that a client could use.
std::string socks_reply(Reply code) {
  return std::string{kVersion, static_cast<char>(code), 0, 1} + std::string(6, '\0');
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

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return encoded;
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
  if (stage_ == Stage::kFirst) socks_ = octet(bytes, 0) == kVersion;
  if (!socks_) return connect_request(bytes);
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
  const auto wanted = open() ? kNoAuth : kByPassword;
  const auto methods = bytes.subspan(2, length - 2);
  const bool offered =
      std::find(methods.begin(), methods.end(), std::byte{wanted}) != methods.end();
  if (!offered) return {State::kRefused, length, {kVersion, kNoMethod}};
  stage_ = open() ? Stage::kRequest : Stage::kPassword;
  return {State::kMore, length, {kVersion, static_cast<char>(wanted)}};
}

// RFC 1929, 2.
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

ProxyRequest::Step ProxyRequest::socks_request(ByteView bytes) {
  if (bytes.size() < 5) return {};
  const auto type = octet(bytes, 3);
  const std::size_t size = type == 1 ? 4 : type == 4 ? 16 : type == 3 ? octet(bytes, 4) : 0;
  const std::size_t begin = type == 3 ? 5 : 4;
  const auto length = begin + size + 2;
  if (size == 0) return {State::kRefused, bytes.size(), socks_reply(kNoAddressType)};
  if (bytes.size() < length) return {};
  if (octet(bytes, 0) != kVersion || octet(bytes, 1) != 1) {
    return {State::kRefused, length, socks_reply(kNoCommand)};
  }
  if (type == 3) {
    target_.host = string_at(bytes, begin, size);
  } else if (type == 1) {
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), bytes.data() + begin, octets.size());
    target_.host = to_text(IpAddress::v4(octets));
  } else {
    IpAddress address;
    std::memcpy(address.bytes.data(), bytes.data() + begin, address.bytes.size());
    target_.host = to_text(address);
  }
  // A name is for a resolver: no bytes of other kinds.
  const bool clean = std::all_of(target_.host.begin(), target_.host.end(),
                                 [](unsigned char c) { return std::isgraph(c) != 0; });
  if (!clean) return {State::kRefused, length, socks_reply(kHostUnreachable)};
  target_.port =
      static_cast<std::uint16_t>(octet(bytes, length - 2) << 8 | octet(bytes, length - 1));
  stage_ = Stage::kDone;
  return {State::kTarget, length, {}};
}

ProxyRequest::Step ProxyRequest::connect_request(ByteView bytes) {
  const auto text = text_of(bytes);
  const auto end = text.substr(0, kMostHead).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (text.size() < kMostHead) return {};
    return {State::kRefused, text.size(),
            http_reply("431 Request Header Fields Too Large", "too large")};
  }
  const auto length = end + 4;
  const auto line = text.substr(0, text.find("\r\n"));
  constexpr std::string_view kMethod = "CONNECT ";
  const auto version = line.rfind(" HTTP/1.");
  if (version == std::string_view::npos) {
    return {State::kRefused, length, http_reply("400 Bad Request", "neither SOCKS5 nor HTTP")};
  }
  if (!line.starts_with(kMethod)) {
    return {State::kRefused, length,
            http_reply("405 Method Not Allowed", "this proxy knows CONNECT (and SOCKS5) only",
                       "allow: CONNECT\r\n")};
  }
  if (!open() && !authorized(text.substr(0, length))) {
    return {State::kRefused, length,
            http_reply("407 Proxy Authentication Required", "who are you?",
                       "proxy-authenticate: Basic realm=\"brownout\"\r\n")};
  }
  const auto endpoint =
      version <= kMethod.size()
          ? rules::config_error("no host")
          : rules::parse_endpoint(line.substr(kMethod.size(), version - kMethod.size()));
  if (!endpoint || endpoint->is_unix() || endpoint->port == 0) {
    return {State::kRefused, length, http_reply("400 Bad Request", "CONNECT needs host:port")};
  }
  target_ = *endpoint;
  stage_ = Stage::kDone;
  return {State::kTarget, length, {}};
}

bool ProxyRequest::may_pass(std::string_view username, std::string_view password) const {
  // Both are compared, whatever the first says.
  const bool name = same(username, credentials_.username);
  const bool word = same(password, credentials_.password);
  return name && word;
}

bool ProxyRequest::authorized(std::string_view head) const {
  constexpr std::string_view kName = "proxy-authorization:";
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (lower(line.substr(0, kName.size())) != kName) continue;
    line.remove_prefix(kName.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    return same(line, "Basic " + base64(credentials_.username + ":" + credentials_.password));
  }
  return false;
}

std::string ProxyRequest::connected() const {
  return socks_ ? socks_reply(Reply::kDone) : "HTTP/1.1 200 Connection established\r\n\r\n";
}

std::string ProxyRequest::failed(Failure why, std::string_view text) const {
  if (socks_) return socks_reply(why == Failure::kRefused ? kConnectionRefused : kHostUnreachable);
  return http_reply("502 Bad Gateway", text);
}

}  // namespace brownout::codecs
