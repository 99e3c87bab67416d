#include "tests/support/dns_world.h"

#include <poll.h>
#include <unistd.h>

#include "proxy/net/datagrams.h"
#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

WorldOptions options_of(const std::string& resolvers, const std::string& upstream,
                        const std::string& listener) {
  WorldOptions options;
  options.listener = "protocol = \"dns\"\n" + listener;
  if (resolvers.empty()) options.listener += "\nzone = \"lab\"";
  options.servers = resolvers;
  options.upstream = upstream;
  return options;
}

int kind_of(const Fd& fd) {
  int kind = 0;
  socklen_t size = sizeof kind;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &kind, &size);
  return kind;
}

}  // namespace

std::string lab_zone() {
  std::string records =
      "\"chat.example.org. 60 IN A 192.0.2.1\", \"chat.example.org. 60 IN A 192.0.2.2\", "
      "\"chat.example.org. 60 IN AAAA 2001:db8::1\"";
  for (int i = 0; i < 40; ++i) {
    records += ", \"big.example.org. 60 IN A 198.51.100." + std::to_string(i) + "\"";
  }
  return "[[zone]]\nname = \"lab\"\nrecords = [" + records + "]\n";
}

codecs::Bytes dns_query(const std::string& name, std::uint16_t type, std::uint16_t id,
                        std::uint16_t udp_size) {
  codecs::Bytes query;
  const auto put = [&](unsigned value) { query.push_back(static_cast<std::byte>(value & 0xff)); };
  const auto put16 = [&](unsigned value) {
    put(value >> 8);
    put(value);
  };
  put16(id);
  put16(0x0100);  // The flag RD (recursion desired) is set.
  put16(1);
  put16(0);
  put16(0);
  put16(udp_size != 0 ? 1 : 0);
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    put(static_cast<unsigned>(end - at));
    for (; at < end; ++at) put(static_cast<unsigned char>(name[at]));
    ++at;
  }
  put(0);
  put16(type);
  put16(1);
  if (udp_size == 0) return query;
  put(0);  // OPT record: root, type 41, size, flags, no options
  put16(41);
  put16(udp_size);
  put16(0);
  put16(0);
  put16(0);
  return query;
}

DnsWorld::DnsWorld(const std::string& rules, const std::string& resolvers,
                   const std::string& upstream, const std::string& listener)
    : proxy((resolvers.empty() ? lab_zone() : "") + rules,
            options_of(resolvers, upstream, listener)) {}

Fd DnsWorld::udp() const {
  return proxy::connect_datagrams(*proxy::SocketAddress::of(proxy.endpoint()));
}

std::string DnsWorld::ask(const std::string& name, std::uint16_t type,
                          std::chrono::milliseconds patience, std::uint16_t udp_size) const {
  const auto fd = udp();
  send_datagram(fd, dns_query(name, type, 0x1234, udp_size));
  return print(receive_datagram(fd, patience));
}

std::string DnsWorld::ask_tcp(const std::string& name, std::uint16_t type,
                              std::chrono::milliseconds patience) const {
  const auto fd = tcp();
  send_message(fd, dns_query(name, type));
  return print(receive_message(fd, patience));
}

bool DnsWorld::loses(const Fd& fd) {
  const auto before = proxy.injected();
  const auto query = dns_query("chat.example.org");
  const bool datagrams = kind_of(fd) == SOCK_DGRAM;
  datagrams ? send_datagram(fd, query) : send_message(fd, query);
  if (!eventually([&] { return proxy.injected() > before; })) return false;
  proxy.reload(lab_zone());
  if (ask("chat.example.org") != kChatAnswer) return false;
  const auto got = receive(fd, 1, 0ms);
  return got.bytes.empty() && got.ending == Ending::kOpen;
}

void send_message(const Fd& stream, codecs::ByteView message) {
  std::string framed{static_cast<char>(message.size() >> 8),
                     static_cast<char>(message.size() & 0xff)};
  for (const auto byte : message) framed += static_cast<char>(byte);
  send_all(stream, framed);
}

void send_datagram(const Fd& fd, codecs::ByteView message) {
  ::send(fd.get(), message.data(), message.size(), 0);
}

codecs::Bytes receive_message(const Fd& stream, std::chrono::milliseconds patience) {
  const auto head = receive(stream, 2, patience).bytes;
  if (head.size() < 2) return {};
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(head[0])) << 8 |
                    static_cast<unsigned char>(head[1]);
  const auto body = receive(stream, size, patience).bytes;
  const auto bytes = std::as_bytes(std::span(body));
  return {bytes.begin(), bytes.end()};
}

codecs::Bytes receive_datagram(const Fd& fd, std::chrono::milliseconds patience) {
  pollfd waiting{fd.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return {};
  codecs::Bytes bytes(65536);
  const auto size = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return bytes;
}

std::string print(codecs::ByteView message) {
  if (message.empty()) return "(silence)";
  const auto reply = codecs::read_dns_reply(message);
  return reply ? to_text(*reply) : "(no message)";
}

}  // namespace brownout::test
