#include "proxy/cli/serve_api.h"

#include <fmt/core.h>

#include <string_view>

namespace brownout::cli {
namespace {

// The default port of Toxiproxy's clients.
constexpr std::string_view kUsualApi = "127.0.0.1:8474";
constexpr std::string_view kOtherApi = "give another address with --api, or --api off";

}  // namespace

rules::Result<ServedApi> serve_api(proxy::Loop& loop, const std::string& api,
                                   proxy::AdminOptions options, proxy::LiveConfig& live,
                                   proxy::EventStream& stream, toxiproxy::Api& toxiproxy) {
  if (api == "off") return ServedApi{};
  auto where = rules::parse_listen(api.empty() ? kUsualApi : api);
  if (!where) return tl::unexpected(where.error());
  options.where = std::move(*where);
  auto admin = proxy::Admin::start(loop, options, live, stream, toxiproxy);
  if (admin) return ServedApi{std::move(*admin), ""};
  if (!api.empty() || !options.socket.empty()) return tl::unexpected(admin.error());
  if (!options.token_file.empty() || !options.certificate.empty() || !options.key.empty()) {
    admin.error().what = "the API (--api): " + admin.error().what;
    return tl::unexpected(admin.error());
  }
  return ServedApi{nullptr, fmt::format("dashboard and API are not served: {}; {}",
                                        admin.error().what, kOtherApi)};
}

std::string address_of_api(const proxy::Admin& admin, const proxy::AdminOptions& options) {
  const auto where = rules::to_text(admin.endpoint());
  if (admin.endpoint().is_unix()) return where;
  return (options.certificate.empty() ? "http://" : "https://") + where;
}

}  // namespace brownout::cli
