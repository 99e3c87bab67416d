#include "proxy/rehearsal/embedded.h"

#include <algorithm>

#include "proxy/tls/authority.h"
#include "rules/protocols/grpc/grpc_user.h"
#include "rules/protocols/kafka/kafka_message.h"

namespace brownout::rehearsal {
namespace {

// An address at which no server listens, so that a connect is refused at once.
const rules::Endpoint kRefusing{"127.0.0.1", 1, ""};

void remove_contingency_plan(rules::Probe& probe) {
  if (probe.endpoints.size() > 1) probe.endpoints.resize(1);
  probe.backoff = {};
  probe.attempts = std::max<std::int64_t>(probe.attempts, 3);
}

tl::unexpected<rules::Error> failed(std::string what, std::string hint) {
  return tl::unexpected(rules::Error{rules::Origin::kInternal, std::move(what), std::move(hint)});
}

// Whether the probe depends only on code in this process. Only such probes can run in virtual time.
bool runs_in_process(const rules::Probe& probe) {
  using rules::ProbeKind;
  constexpr std::array kInProcess{ProbeKind::kTcp, ProbeKind::kHttp,      ProbeKind::kGrpc,
                                  ProbeKind::kDns, ProbeKind::kWebSocket, ProbeKind::kTls};
  return std::find(kInProcess.begin(), kInProcess.end(), probe.kind) != kInProcess.end() &&
         std::none_of(
             probe.endpoints.begin(), probe.endpoints.end(),
             [](const std::string& endpoint) { return endpoint.find("://") != std::string::npos; });
}

rules::Result<void> check_virtual(const rules::Scenario& scenario) {
  for (const auto& probe : scenario.probes) {
    if (runs_in_process(probe)) continue;
    return rules::config_error(
        "probe " + rules::in_quotes(probe.name) + " cannot run in virtual time",
        "users of this probe run in real time, because they start a program, use a library with a "
        "clock of its own, or reach a server outside the rehearsal: leave out --virtual-time");
  }
  return {};
}

// Returns why the embedded servers cannot answer the users of the probe; "" if they can.
std::string_view unanswered(const rules::Probe& probe) {
  using rules::ProbeKind;
  const bool calls =
      probe.kind == ProbeKind::kGrpc && !rules::GrpcUser::of(probe.options).asks_health();
  if (calls) return "offer only the health service of gRPC";
  if (probe.kind == ProbeKind::kSse) return "send no Server-Sent Events";
  return probe.kind == ProbeKind::of(rules::KafkaMessage::protocol()) ? "do not speak Kafka" : "";
}

// Checks that the embedded servers can answer all probes. The servers echo the bytes that they
// receive, so the expected answer must be part of the bytes that the probe sends.
rules::Result<void> check_answers(const rules::Scenario& scenario) {
  for (const auto& probe : scenario.probes) {
    if (const auto why = unanswered(probe); !why.empty()) {
      return rules::config_error(
          "probe " + rules::in_quotes(probe.name) + ": the embedded servers " + std::string(why),
          "rehearse with the real server, without --embedded");
    }
    if (probe.send.find(probe.expect) != std::string::npos) continue;
    return rules::config_error(
        "probe " + rules::in_quotes(probe.name) + " expects " + rules::in_quotes(probe.expect) +
            ", which the embedded servers do not answer",
        "they echo what is sent: rehearse with the real server, without --embedded");
  }
  return {};
}

}  // namespace

rules::Result<std::unique_ptr<Embedded>> Embedded::stand_in(rules::Config& config,
                                                            Handling handling, Pace pace) {
  if (auto fits = check_answers(*config.scenario); !fits) return tl::unexpected(fits.error());
  auto embedded = std::unique_ptr<Embedded>(new Embedded);
  if (pace == Pace::kVirtual) {
    if (auto fits = check_virtual(*config.scenario); !fits) return tl::unexpected(fits.error());
    embedded->time_.emplace();
  }
  for (auto& listener : config.listeners) listener.listen.port = 0;
  if (auto made = embedded->make_authority(config); !made) return tl::unexpected(made.error());
  for (auto& upstream : config.upstreams) {
    auto made = embedded->make_servers(upstream, handling);
    if (!made) return tl::unexpected(made.error());
  }
  if (handling == Handling::kBadly) {
    for (auto& probe : config.scenario->probes) remove_contingency_plan(probe);
  }
  return embedded;
}

rules::Result<void> Embedded::make_authority(rules::Config& config) {
  for (auto& listener : config.listeners) {
    if (!listener.tls || listener.tls->ca.empty()) continue;
    if (folder_.path().empty()) {
      auto folder = proxy::TempFolder::make("brownout-ca", "the CA of the embedded servers");
      if (!folder) return tl::unexpected(folder.error());
      folder_ = std::move(*folder);
      if (auto made = tls::Authority::init(folder_.path()); !made)
        return tl::unexpected(made.error());
    }
    listener.tls->ca = folder_.path();
  }
  if (folder_.path().empty()) return {};
  for (auto& probe : config.scenario->probes) {
    if (!probe.ca.empty()) probe.ca = folder_.path() + "/ca.pem";
  }
  return {};
}

rules::Result<void> Embedded::make_servers(rules::Upstream& upstream, Handling handling) {
  bool first = true;
  for (auto& server : upstream.servers) {
    const auto name = to_text(server);
    if (!std::exchange(first, false) && handling == Handling::kBadly) {
      server = kRefusing;
      continue;
    }
    // A server on loopback keeps its IP address, since rules may match the server by this address.
    const bool loopback = server.ip() && server.ip()->is_loopback();
    const rules::Endpoint where{loopback ? server.host : "127.0.0.1", 0, ""};
    auto embedded = std::make_unique<proxy::MessagingServer>(where);
    if (embedded->endpoint().host.empty()) {
      return failed("the embedded server for " + name + ": " + embedded->error().what,
                    embedded->error().hint);
    }
    server = embedded->endpoint();
    known_as_[to_text(server)] = name;
    servers_.push_back(std::move(embedded));
  }
  return {};
}

Embedded::~Embedded() = default;

}  // namespace brownout::rehearsal
