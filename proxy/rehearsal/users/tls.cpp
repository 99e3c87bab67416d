// Synthetic users of the kind tls: each operation is a handshake that verifies the server's
// certificate.
#include <openssl/x509v3.h>
#include <poll.h>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/probe_client.h"
#include "proxy/tls/contexts.h"
#include "proxy/tls/layer.h"

namespace brownout::rehearsal {
namespace {

class TlsClient final : public ProbeClient {
 public:
  explicit TlsClient(const ClientSettings& settings) : settings_(settings) {
    rules::TlsClient config;
    config.ca = settings.probe->ca;
    config.name = settings.probe->sni;
    auto context = tls::ClientContext::make(config);
    if (context) {
      context_ = std::move(*context);
    } else {
      problem_ = context.error().what;
    }
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.connects = 1;
    done.why = shake_hands(target, deadline);
    return done;
  }

 private:
  std::string shake_hands(const Target& target, Instant deadline) {
    if (!context_) return problem_;
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    const auto fd = Socket::connect(*address, settings_.local, deadline);
    if (!fd) return fd.error();
    tls::TlsLayer layer(fd->get());
    layer.start(context_->session(target.address.host), true);
    while (true) {
      switch (layer.handshake()) {
        case tls::Progress::kDone:
          layer.close_notify();
          return {};
        case tls::Progress::kFailed:
          return layer.why();
        case tls::Progress::kAgain:
          if (!Socket::wait(*fd, POLLIN, deadline)) return "handshake: timed out";
      }
    }
  }

  ClientSettings settings_;
  std::shared_ptr<tls::ClientContext> context_;
  std::string problem_;
};

}  // namespace

extern const UserRow kTlsUser{"tls", make_client<TlsClient>};

}  // namespace brownout::rehearsal
