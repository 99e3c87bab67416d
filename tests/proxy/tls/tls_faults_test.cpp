// Tests every TLS fault over real sockets: OpenSSL, as the client, reports the failure that the
// rule describes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "proxy/tls/contexts.h"
#include "proxy/tls/pem_files.h"
#include "tests/support/tls_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

TEST(Tls, TerminatesTlsWithACertificateForEveryName) {
  const TlsWorld world;
  EXPECT_EQ(world.talk(), "ok TLSv1.3");
  EXPECT_EQ(world.talk({.sni = "other.example"}), "ok TLSv1.3");
  EXPECT_EQ(world.talk({.bytes = 1'000'000}), "ok TLSv1.3");
}

TEST(Tls, ByteFaultsActOnThePlaintext) {
  const TlsWorld world(fault("\"limit_data\", bytes = \"3 B\""));
  EXPECT_EQ(world.talk(), "end");
}

TEST(Tls, PassesTlsThroughEndToEnd) {
  const TlsWorld inner;
  WorldOptions options;
  options.listener = "protocol = \"tls\"";
  options.servers = "\"" + to_text(inner.proxy->endpoint()) + "\"";
  TlsWorld outer("", false);
  outer.proxy = std::make_unique<ProxyWorld>(
      "[[rule]]\nmatch = { sni = \"slow.example\" }\nfault = { type = \"refuse\" }", options);
  std::filesystem::copy_file(inner.folder + "/ca.pem", outer.folder + "/ca.pem",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(outer.talk(), "ok TLSv1.3");
  EXPECT_EQ(outer.talk({.sni = "slow.example"}), "reset");
}

TEST(Tls, ForwardsConnectionsThatAreNotTls) {
  const TlsWorld world("", false);
  const auto client = world.proxy->connect();
  EXPECT_GE(round_trip(client, "hello"), 0ns);
}

TEST(Tls, VerifiesTheServersCertificate) {
  const TlsWorld inner;
  const auto through = [&](const std::string& keys) {
    WorldOptions options;
    options.servers = "\"" + to_text(inner.proxy->endpoint()) + "\"";
    options.upstream = "tls = { " + keys + " }";
    const ProxyWorld outer("", options);
    return round_trip(outer.connect(), "hello") >= 0ns;
  };
  const auto ca = "ca = \"" + inner.folder + "/ca.pem\"";
  EXPECT_TRUE(through(ca + ", name = \"any.example\""));
  EXPECT_TRUE(through(ca));  // the certificate is issued for the IP address
  EXPECT_FALSE(through(""));
  EXPECT_TRUE(through("verify = false"));
}

TEST(Tls, NamesAFileThatCannotBeRead) {
  proxy::Loop control;
  const auto config = codecs::load_rules(
      "version = 1\n[[upstream]]\nname = \"u\"\nservers = [\"127.0.0.1:1\"]\n[[listener]]\nname = "
      "\"l\"\nlisten = \"127.0.0.1:0\"\nupstream = \"u\"\ntls = { ca = \"/nowhere\" }");
  const auto engine = proxy::Engine::start(control, *config, {});
  ASSERT_FALSE(engine.has_value());
  EXPECT_THAT(engine.error().what, HasSubstr("listener l: there is no CA in /nowhere"));
  EXPECT_THAT(engine.error().hint, HasSubstr("brownout ca init"));
}

// A reload reads these files. Reading a pipe would block the reload.
TEST(Tls, RejectsPipesInsteadOfWaitingForThem) {
  const TlsWorld world;
  const auto pipe = world.folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto folder = world.folder + "/pipes";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(::mkfifo((folder + "/ca.pem").c_str(), 0600), 0);
  const auto certificate = world.folder + "/ca.pem";
  const auto key = world.folder + "/ca.key";
  const auto why = [](const auto& made) { return made ? "made" : made.error().what; };
  const auto server = [&](const std::string& cert, const std::string& with,
                          const std::string& client_ca, const std::string& ca = {}) {
    rules::TlsServer config;
    config.certificate = cert;
    config.key = with;
    config.client_ca = client_ca;
    config.ca = ca;
    return why(tls::ServerContexts::make(config, tls::OfferedHttp::kNone));
  };
  const auto client = [&](const std::string& ca, const std::string& cert, const std::string& with) {
    rules::TlsClient config;
    config.ca = ca;
    config.certificate = cert;
    config.key = with;
    return why(tls::ClientContext::make(config));
  };
  const auto waits = HasSubstr("not a regular file");
  EXPECT_THAT(server("", "", "", folder), waits);
  EXPECT_THAT(server(pipe, key, ""), waits);
  EXPECT_THAT(server(certificate, pipe, ""), waits);
  EXPECT_THAT(server(certificate, key, pipe), waits);
  EXPECT_THAT(client(pipe, "", ""), waits);
  EXPECT_THAT(client("", pipe, key), waits);
  EXPECT_EQ(server(certificate, key, certificate), "made");
  EXPECT_EQ(client(certificate, certificate, key), "made");
}

// By default OpenSSL would ask for the passphrase on the terminal.
TEST(Tls, RejectsAKeyWithAPassphrase) {
  const TlsWorld world;
  const auto pem = tls::open_pem(world.folder + "/ca.key");
  ASSERT_TRUE(pem);
  const auto key = tls::read_key(pem->get());
  const auto locked = world.folder + "/locked.key";
  const tls::BioPtr file(BIO_new_file(locked.c_str(), "w"));
  std::string secret = "secret";
  PEM_write_bio_PrivateKey(file.get(), key.get(), EVP_aes_128_cbc(),
                           reinterpret_cast<unsigned char*>(secret.data()), 6, nullptr, nullptr);
  BIO_flush(file.get());
  rules::TlsServer config;
  config.certificate = world.folder + "/ca.pem";
  config.key = locked;
  const auto made = tls::ServerContexts::make(config, tls::OfferedHttp::kNone);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().what, HasSubstr("cannot use the key"));
  EXPECT_THAT(made.error().hint, HasSubstr("without a passphrase"));
}

TEST(FaultsOverSockets, tls_alert) {
  const TlsWorld world(fault("\"tls_alert\", alert = \"internal_error\""), false);
  EXPECT_EQ(world.talk(), "tlsv1 alert internal error");
  const TlsWorld terminated(fault("\"tls_alert\", alert = \"unrecognized_name\""));
  EXPECT_EQ(terminated.talk(), "tlsv1 unrecognized name");
}

TEST(FaultsOverSockets, tls_stop) {
  const TlsWorld hello(fault("\"tls_stop\", how = \"rst\""), false);
  EXPECT_EQ(hello.talk(), "reset");
  const TlsWorld hang(fault("\"tls_stop\", after = \"server_hello\"", "sni = \"hang.example\""));
  // While this handshake hangs, the same worker completes the handshake of another client.
  const auto meanwhile = [&] { EXPECT_EQ(hang.talk(), "ok TLSv1.3"); };
  EXPECT_EQ(hang.talk({.sni = "hang.example", .patience = 200ms, .meanwhile = meanwhile}),
            "nothing comes");
  EXPECT_EQ(hang.proxy->injected(), 1U);
  const TlsWorld close(fault("\"tls_stop\", after = \"server_hello\", how = \"close\""));
  EXPECT_EQ(close.talk(), "unexpected eof while reading");
}

TEST(FaultsOverSockets, slow_handshake) {
  const TlsWorld world(fault("\"slow_handshake\", delay = \"150ms\""));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(world.talk(), "ok TLSv1.3");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);
}

TEST(FaultsOverSockets, no_shared_cipher) {
  const TlsWorld world(fault("\"no_shared_cipher\""));
  EXPECT_EQ(world.talk(), "sslv3 alert handshake failure");
}

TEST(FaultsOverSockets, alpn_refused) {
  const TlsWorld world(fault("\"alpn_refused\""));
  EXPECT_EQ(world.talk({.alpn = "\x02h2"}), "tlsv1 alert no application protocol");
  EXPECT_EQ(world.talk(), "ok TLSv1.3");
}

TEST(FaultsOverSockets, tls_version) {
  EXPECT_EQ(TlsWorld(fault("\"tls_version\", most = \"1.2\"")).talk(), "ok TLSv1.2");
  // OpenSSL's client requires TLS 1.2 or later.
  EXPECT_THAT(TlsWorld(fault("\"tls_version\", most = \"1.1\"")).talk(), HasSubstr("protocol"));
}

TEST(FaultsOverSockets, bad_certificate) {
  const auto said = [](const std::string& what, bool ocsp = false) {
    const TlsWorld world(fault("\"bad_certificate\", what = \"" + what + "\""));
    return world.talk({.asks_for_ocsp = ocsp});
  };
  EXPECT_EQ(said("expired"), "certificate has expired");
  EXPECT_EQ(said("not_yet_valid"), "certificate is not yet valid");
  EXPECT_EQ(said("wrong_name"), "hostname mismatch");
  EXPECT_EQ(said("self_signed"), "self-signed certificate");
  EXPECT_THAT(said("unknown_ca"), testing::AnyOf("unable to get local issuer certificate",
                                                 "self-signed certificate in certificate chain"));
  EXPECT_EQ(said("revoked", true), "revoked");
  EXPECT_THAT(said("weak_key"), HasSubstr("key too weak"));
}

TEST(FaultsOverSockets, corrupt_record) {
  const TlsWorld world(fault("\"corrupt_record\", after = \"100 KB\""));
  EXPECT_EQ(world.talk(), "ok TLSv1.3");
  EXPECT_EQ(world.talk({.bytes = 1'000'000}), "decryption failed or bad record mac");
}

TEST(FaultsOverSockets, no_close_notify) {
  const TlsWorld world(fault("\"no_close_notify\""));
  EXPECT_EQ(world.talk(), "unexpected eof while reading");
}

}  // namespace
}  // namespace brownout::test
