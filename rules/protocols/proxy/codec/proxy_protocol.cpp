#include "rules/protocols/proxy/codec/proxy_protocol.h"

#include <array>
#include <cstring>
#include <vector>

#include "rules/base/whole_number.h"

namespace brownout::codecs {
namespace {

using rules::IpAddress;
using State = ProxyHeader::State;

constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Head = 16;
constexpr std::size_t kMostV1 = 107;

std::uint16_t number(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(octet(bytes, at) << 8 | octet(bytes, at + 1));
}

// Whether `text` begins with `whole`, or is a prefix of `whole` that more bytes may complete.
bool begins(std::string_view text, std::string_view whole) {
  return text.substr(0, whole.size()) == whole.substr(0, text.size());
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

// Parses an address in the notation of its family: IPv4 if `v4`, else IPv6. An IPv6 address may be
// IPv4-mapped.
std::optional<IpAddress> address_of(std::string_view text, bool v4) {
  const bool colons = text.find(':') != std::string_view::npos;
  return colons == v4 ? std::nullopt : IpAddress::parse(text);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  return rules::parse_whole_number<std::uint16_t>(text, 65535);
}

ProxyHeader read_v1(std::string_view text) {
  const auto end = text.substr(0, kMostV1).find("\r\n");
  if (end == std::string_view::npos) {
    return {.state = text.size() < kMostV1 ? State::kMore : State::kBroken};
  }
  ProxyHeader header{.state = State::kHeader, .length = end + 2};
  const auto words = words_of(text.substr(0, end));
  if (words.size() >= 2 && words[1] == "UNKNOWN") return header;
  const bool v4 = words.size() == 6 && words[1] == "TCP4";
  if (words.size() != 6 || (!v4 && words[1] != "TCP6")) return {.state = State::kBroken};
  const auto source = address_of(words[2], v4);
  const auto source_port = port_of(words[4]);
  if (!source || !source_port) return {.state = State::kBroken};
  header.client = source;
  header.client_port = *source_port;
  return header;
}

ProxyHeader read_v2(ByteView bytes) {
  if (bytes.size() < kV2Head) return {};
  const auto length = kV2Head + number(bytes, 14);
  const auto command = octet(bytes, 12) & 0xf;
  if (octet(bytes, 12) >> 4 != 2 || command > 1) return {.state = State::kBroken};
  if (bytes.size() < length) return {};
  ProxyHeader header{.state = State::kHeader, .length = length};
  if (command == 0) return header;
  const auto family = octet(bytes, 13) >> 4;
  if (family == 1 && length >= kV2Head + 12) {
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), bytes.data() + kV2Head, octets.size());
    header.client = IpAddress::v4(octets);
    header.client_port = number(bytes, kV2Head + 8);
  } else if (family == 2 && length >= kV2Head + 36) {
    IpAddress client;
    std::memcpy(client.bytes.data(), bytes.data() + kV2Head, client.bytes.size());
    header.client = client;
    header.client_port = number(bytes, kV2Head + 32);
  } else if (family == 1 || family == 2) {
    return {.state = State::kBroken};
  }
  return header;
}

void put_number(std::string& text, std::uint16_t value) {
  text += static_cast<char>(value >> 8);
  text += static_cast<char>(value & 0xff);
}

// Prints the address in IPv4 notation if `v4`, else in IPv6 notation, IPv4-mapped if needed.
std::string address_text(const IpAddress& address, bool v4) {
  return (address.is_v4() && !v4 ? "::ffff:" : "") + to_text(address);
}

void put_address(std::string& text, const IpAddress& address, bool v4) {
  const std::size_t skipped = v4 ? 12 : 0;
  text.append(reinterpret_cast<const char*>(address.bytes.data()) + skipped, 16 - skipped);
}

}  // namespace

ProxyHeader read_proxy_header(ByteView bytes) {
  const auto text = text_of(bytes);
  if (begins(text, kV2Signature))
    return text.size() < kV2Signature.size() ? ProxyHeader{} : read_v2(bytes);
  if (begins(text, "PROXY ")) return text.size() < 6 ? ProxyHeader{} : read_v1(text);
  return {.state = State::kBroken};
}

std::string write_proxy_header(int version, const std::optional<IpAddress>& client,
                               std::uint16_t client_port, const std::optional<IpAddress>& server,
                               std::uint16_t server_port) {
  const bool known = client && server;
  const bool v4 = known && client->is_v4() && server->is_v4();
  if (version == 1) {
    if (!known) return "PROXY UNKNOWN\r\n";
    return std::string("PROXY ") + (v4 ? "TCP4 " : "TCP6 ") + address_text(*client, v4) + " " +
           address_text(*server, v4) + " " + std::to_string(client_port) + " " +
           std::to_string(server_port) + "\r\n";
  }
  std::string text(kV2Signature);
  text += known ? '\x21' : '\x20';
  if (!known) return text + std::string(3, '\0');
  text += v4 ? '\x11' : '\x21';
  put_number(text, v4 ? 12 : 36);
  put_address(text, *client, v4);
  put_address(text, *server, v4);
  put_number(text, client_port);
  put_number(text, server_port);
  return text;
}

}  // namespace brownout::codecs
