// Synthetic users of the kind grpc: each operation asks for the health of a service
// (grpc.health.v1.Health/Check, "GRPC Health Checking Protocol"), which must be SERVING.
#include "proxy/rehearsal/http_requests.h"

namespace brownout::rehearsal {
namespace {

constexpr std::string_view kServing("\x08\x01", 2);  // field 1 (status), the value 1

// A message with its prefix: not compressed, 4 bytes of length ("gRPC over HTTP2", Requests).
std::string framed(const std::string& message) {
  std::string frame(1, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(message.size() >> shift & 0xff);
  return frame + message;
}

// The HealthCheckRequest: field 1 is the name of the service, which has less than 128 bytes here.
std::string request_for(const std::string& service) {
  if (service.empty()) return framed("");
  const auto name = service.substr(0, 127);
  return framed("\x0a" + std::string(1, static_cast<char>(name.size())) + name);
}

// Returns the value of a header or trailer, or "".
std::string value_of(const std::string& lines, const std::string& name) {
  const auto at = lines.find("\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 3;
  return lines.substr(begin, lines.find_first_of("\r\n", begin) - begin);
}

class GrpcClient final : public ProbeClient {
 public:
  explicit GrpcClient(const ClientSettings& settings) : settings_(settings), requests_(settings) {}

  void drop() override { requests_.drop(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.sent = 1;
    const HttpAsked asked{.body = request_for(settings_.probe->service),
                          .headers = {"content-type: application/grpc", "te: trailers"},
                          .version = rules::HttpVersion::k2,
                          .method = "POST"};
    const auto reply = requests_.get(target, base_url(target) + "/grpc.health.v1.Health/Check",
                                     deadline, done.connects, asked);
    if (!reply) {
      done.why = reply.error();
    } else if (reply->status != 200) {
      done.why = "HTTP status " + std::to_string(reply->status);
    } else if (const auto status = value_of(reply->headers, "grpc-status"); status.empty()) {
      done.why = "the call has no grpc-status";
    } else if (status != "0") {
      done.why = "gRPC status " + status;
    } else if (reply->body.size() < 5 || reply->body.substr(5) != kServing) {
      done.why = "the service is not SERVING";
    }
    done.lost = done.ok() ? 0 : 1;
    return done;
  }

 private:
  ClientSettings settings_;
  HttpRequests requests_;
};

}  // namespace

extern const UserRow kGrpcUser{"grpc", make_client<GrpcClient>};

}  // namespace brownout::rehearsal
