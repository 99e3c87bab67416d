// Synthetic users of the kind prometheus: each operation is a query that must have a result.
#include <nlohmann/json.hpp>

#include "proxy/loop/url.h"
#include "proxy/rehearsal/http_requests.h"

namespace brownout::rehearsal {
namespace {

class PrometheusClient final : public ProbeClient {
 public:
  explicit PrometheusClient(const ClientSettings& settings)
      : settings_(settings), requests_(settings) {}

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    const auto url =
        base_url(target) + "/api/v1/query?query=" + proxy::escaped(settings_.probe->query);
    const auto reply = requests_.get(target, url, deadline, done.connects);
    if (!reply) {
      done.why = reply.error();
      return done;
    }
    const auto json = nlohmann::json::parse(reply->body, nullptr, false);
    const auto at = nlohmann::json::json_pointer("/data/result");
    const bool found = !json.is_discarded() && json.contains(at) && !json.at(at).empty();
    if (!found) done.why = "the query has no result";
    return done;
  }

 private:
  ClientSettings settings_;
  HttpRequests requests_;
};

}  // namespace

extern const UserRow kPrometheusUser{"prometheus", make_client<PrometheusClient>};

}  // namespace brownout::rehearsal
