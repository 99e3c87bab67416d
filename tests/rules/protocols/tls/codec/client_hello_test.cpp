// Tests HelloReader, which parses a TLS ClientHello, with real hellos in pieces of any size and
// with other bytes. Also tests RecordFilter, which changes TLS records.
#include "rules/protocols/tls/codec/client_hello.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "rules/protocols/tls/codec/record_filter.h"

namespace brownout::codecs {
namespace {

// A ClientHello sent by OpenSSL's client.
std::string hello_of(const std::string& sni, const std::string& alpn, int most = TLS1_3_VERSION) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  auto* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  SSL_set_max_proto_version(ssl.get(), most);
  if (!sni.empty()) SSL_set_tlsext_host_name(ssl.get(), sni.c_str());
  if (!alpn.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                        static_cast<unsigned>(alpn.size()));
  }
  SSL_connect(ssl.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  return {data, static_cast<std::size_t>(size)};
}

// The same handshake message in records of `size` bytes.
std::string in_records(const std::string& hello, std::size_t size) {
  std::string out;
  for (auto message = hello.substr(5); !message.empty();) {
    const auto part = message.substr(0, size);
    out += {'\x16', '\x03', '\x01', static_cast<char>(part.size() >> 8),
            static_cast<char>(part.size())};
    out += part;
    message.erase(0, part.size());
  }
  return out;
}

TEST(ClientHello, ReadsAHelloOfOpenSsl) {
  const auto bytes = hello_of("Chat.Example.org", "\x02h2\x08http/1.1");
  const auto reading = read_client_hello(bytes_of(bytes));
  ASSERT_EQ(reading.state, HelloState::kHello);
  EXPECT_EQ(reading.hello.sni, "chat.example.org");
  EXPECT_EQ(reading.hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(reading.hello.version, 0x0304);
  EXPECT_EQ(reading.hello.ja3.size(), 32U);
  const auto old = read_client_hello(bytes_of(hello_of("", "", TLS1_2_VERSION)));
  EXPECT_EQ(old.hello.sni, "");
  EXPECT_EQ(old.hello.version, 0x0303);
  EXPECT_NE(old.hello.ja3, reading.hello.ja3);
}

TEST(ClientHello, Ja3IsTheHashOfTheFieldsInOrder) {
  // Version 771, ciphers 4865-49195, extensions 0-10-11, groups 29-23, formats 0; JA3 ignores
  // GREASE.
  std::string body("\x03\x03", 2);
  body += std::string(32, 'r');
  body += std::string("\x00\x00\x06\x0a\x0a\x13\x01\xc0\x2b\x01\x00", 11);
  std::string extensions(
      "\x00\x00\x00\x06\x00\x04\x00\x00\x01"
      "a",
      10);
  extensions += std::string("\x1a\x1a\x00\x00", 4);
  extensions += std::string("\x00\x0a\x00\x08\x00\x06\x2a\x2a\x00\x1d\x00\x17", 12);
  extensions += std::string("\x00\x0b\x00\x02\x01\x00", 6);
  body += std::string("\x00", 1) + static_cast<char>(extensions.size()) + extensions;
  std::string hello("\x01\x00\x00", 3);
  hello += static_cast<char>(body.size()) + body;
  std::string record("\x16\x03\x01\x00", 4);
  record += static_cast<char>(hello.size()) + hello;
  const auto reading = read_client_hello(bytes_of(record));
  ASSERT_EQ(reading.state, HelloState::kHello);
  EXPECT_EQ(reading.hello.sni, "a");
  // The hash is the output of: printf '771,4865-49195,0-10-11,29-23,0' | md5sum
  EXPECT_EQ(reading.hello.ja3, "3e916670429427a5a33c947802616cdc");
}

TEST(ClientHello, ResultDoesNotDependOnHowTheHelloIsSplit) {
  const auto whole = hello_of("a.example", "");
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
    const auto cut = in_records(whole, size);
    for (std::size_t got = 0; got < cut.size(); ++got) {
      ASSERT_EQ(read_client_hello(bytes_of(cut).first(got)).state, HelloState::kMore) << got;
    }
    EXPECT_EQ(read_client_hello(bytes_of(cut)).hello.sni, "a.example");
    EXPECT_EQ(read_client_hello(bytes_of(cut + "more")).hello.sni, "a.example");
  }
}

TEST(ClientHello, RejectsOtherBytes) {
  for (const auto* bytes :
       {"GET / HTTP/1.1\r\n", "\x16\x02\x01", "\x15\x03\x01", "\x17\x03\x03\x01\x01x",
        "\x16\x03\x01\x01\x01\x02", "SSH-2.0-x\r\n", "\x16\x03\x01\xff\xff\x01"}) {
    EXPECT_EQ(read_client_hello(bytes_of(bytes)).state, HelloState::kNotTls) << bytes;
  }
  EXPECT_EQ(read_client_hello({}).state, HelloState::kMore);
}

std::string record(char type, std::size_t size) {
  return std::string{type, '\x03', '\x03', static_cast<char>(size >> 8), static_cast<char>(size)} +
         std::string(size, 'x');
}

// The bytes that pass the filter if they arrive in pieces of `piece` bytes.
std::string filtered(const rules::TlsVerdict& verdict, const std::string& bytes,
                     std::size_t piece) {
  RecordFilter filter(verdict);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto part = bytes.substr(at, piece);
    const auto passes = filter.apply(std::as_writable_bytes(std::span(part)));
    out += part.substr(0, passes);
  }
  return out;
}

TEST(RecordFilter, FlipsOneBitAfterTheConfiguredBytes) {
  const auto stream = record(22, 50) + record(23, 100) + record(23, 100) + record(23, 100);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    const auto out = filtered({.corrupt_behind = rules::Bytes{150}}, stream, piece);
    ASSERT_EQ(out.size(), stream.size());
    int changed = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i] == stream[i]) continue;
      ++changed;
      EXPECT_GE(i, 55 + 5 + 100 + 5U);
    }
    EXPECT_EQ(changed, 1);
  }
}

TEST(RecordFilter, StopsAfterTheServerHello) {
  const auto stream = record(22, 90) + record(22, 100) + record(23, 100);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    EXPECT_EQ(filtered({.stop = rules::HandshakeStop::kServerHello}, stream, piece).size(), 95U);
  }
}

}  // namespace
}  // namespace brownout::codecs
