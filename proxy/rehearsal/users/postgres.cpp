// Synthetic users of the kind postgres. An attempt queries `select 1`, and succeeds when the answer
// is 1. The user logs in as libpq does, with a password if the server asks for one. The connection
// stays open for the next query.
//
// With `ca`, users ask for TLS first (PostgreSQL's documentation, SSL Session Encryption).
#include <array>
#include <optional>
#include <random>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/user_link.h"
#include "rules/base/terminal_text.h"
#include "rules/protocols/postgres/codec/postgres_talk.h"

namespace brownout::rehearsal {
namespace {

class PostgresClient final : public ProbeClient {
 public:
  explicit PostgresClient(const ClientSettings& settings) : settings_(settings) {
    auto context = tls_of(*settings.probe);
    if (context) {
      context_ = std::move(*context);
    } else {
      problem_ = context.error();
    }
  }

  void drop() override {
    link_.close();
    talk_.reset();
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.why = query(target, deadline, done);
    if (!done.ok()) drop();
    return done;
  }

 private:
  // Performs one query. Returns the error; "" after success.
  std::string query(const Target& target, Instant deadline, Attempt& done) {
    if (!talk_) {
      done.connects = 1;
      if (auto why = connect(target, deadline); !why.empty()) return why;
      if (auto why = link_.send(talk_->begin(), deadline); !why.empty()) return why;
      if (auto why = run(deadline); !why.empty()) return "login: " + why;
    }
    // Reads what the server has sent since the last query, since a server that ends the connection
    // sends the reason before.
    if (auto why = read(); !why.empty()) return why;
    if (auto why = link_.send(talk_->ask("select 1"), deadline); !why.empty()) return why;
    if (auto why = run(deadline); !why.empty()) return "select 1: " + why;
    if (talk_->value() == "1") return {};
    return "select 1: the answer is " + rules::escaped(talk_->value().value_or("empty"));
  }

  std::string connect(const Target& target, Instant deadline) {
    if (!problem_.empty()) return problem_;
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    if (auto why = link_.connect(*address, settings_.local, deadline); !why.empty()) return why;
    if (context_) {
      if (auto why = ask_for_tls(deadline); !why.empty()) return why;
      const auto why = link_.shake_hands(*context_, target.address.host, deadline);
      if (!why.empty()) return why;
    }
    const auto& probe = *settings_.probe;
    codecs::PostgresLogin login;
    login.user = probe.user_name.empty() ? "postgres" : probe.user_name;
    login.database = probe.database.empty() ? login.user : probe.database;
    login.password = settings_.password;
    std::random_device random;
    for (int i = 0; i < 4; ++i) login.nonce += std::to_string(random());
    talk_.emplace(std::move(login));
    return {};
  }

  std::string ask_for_tls(Instant deadline) {
    auto why = link_.send(codecs::postgres_tls_request(), deadline);
    if (!why.empty()) return why;
    // Receives only one byte. Later bytes are not encrypted, but the TLS layer would treat them as
    // if they were (CVE-2021-23222).
    std::array<std::byte, 1> answer{};
    const auto count = link_.receive(answer, deadline);
    if (!count) return count.error();
    if (*count == 0) return "TLS: no reply";
    return answer[0] == std::byte{'S'} ? "" : "the server does not offer TLS";
  }

  // Reads until the server has answered. Returns the error; "" after success.
  std::string run(Instant deadline) {
    while (!talk_->ready()) {
      pollfd readable{link_.fd(), POLLIN, 0};
      // Checks the deadline first, so that a server that never stops sending cannot delay its user.
      const bool waits = proxy::monotonic_now() < deadline && !given_up();
      if (!waits || !wait_unless_given_up({&readable, 1}, deadline)) return "no reply";
      if (auto why = read(deadline); !why.empty()) return why;
    }
    return {};
  }

  // Reads the bytes that have arrived, and answers them.
  std::string read(Instant deadline = {}) {
    std::array<std::byte, 16384> buffer{};
    const auto count = link_.receive(buffer);
    if (!count) return count.error();
    const auto out = talk_->take(codecs::ByteView(buffer).first(*count));
    if (!talk_->why().empty()) return rules::escaped(talk_->why());
    return out.empty() ? "" : link_.send(out, deadline);
  }

  const ClientSettings settings_;
  std::shared_ptr<tls::ClientContext> context_;
  std::string problem_;
  UserLink link_;
  std::optional<codecs::PostgresTalk> talk_;  // empty while no connection is open
};

}  // namespace

extern const UserRow kPostgresUser{"postgres", make_client<PostgresClient>};

}  // namespace brownout::rehearsal
