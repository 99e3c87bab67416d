// Synthetic users of the kind http: each operation is a request, whose response must have the
// expected status and body.
#include "proxy/rehearsal/http_requests.h"

namespace brownout::rehearsal {
namespace {

class HttpClient final : public ProbeClient {
 public:
  explicit HttpClient(const ClientSettings& settings) : settings_(settings), requests_(settings) {}

  void drop() override { requests_.drop(); }
  bool counts_one_message() const override { return true; }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.sent = 1;
    const auto& probe = *settings_.probe;
    // Adds the probe's path unless the rule file has a URL, which includes its path.
    const auto url = target.url.empty() ? base_url(target) + probe.path : target.url;
    const auto reply = requests_.get(target, url, deadline, done.connects, {.version = probe.http});
    if (!reply) {
      done.why = reply.error();
    } else if (reply->status != probe.status) {
      done.why = "status " + std::to_string(reply->status);
    } else if (reply->body.find(probe.body) == std::string::npos) {
      done.why = "the response does not contain the text of the probe's key `body`";
    }
    done.lost = done.ok() ? 0 : 1;
    return done;
  }

 private:
  ClientSettings settings_;
  HttpRequests requests_;
};

}  // namespace

extern const UserRow kHttpUser{"http", make_client<HttpClient>};

}  // namespace brownout::rehearsal
