#include "proxy/cli/serve_api.h"

#include <spdlog/spdlog.h>

namespace brownout::cli {
namespace {

// The default port of Toxiproxy's clients.
constexpr std::string_view kUsualApi = "127.0.0.1:8474";

}  // namespace

rules::Result<std::unique_ptr<proxy::Admin>> serve_api(proxy::Loop& loop, const std::string& api,
                                                       proxy::AdminOptions options,
                                                       proxy::LiveConfig& live,
                                                       proxy::EventStream& stream,
                                                       toxiproxy::Api& toxiproxy) {
  if (api == "off") return nullptr;
  auto where = rules::parse_listen(api.empty() ? kUsualApi : api);
  if (!where) return tl::unexpected(where.error());
  options.where = std::move(*where);
  auto admin = proxy::Admin::start(loop, options, live, stream, toxiproxy);
  if (admin || !api.empty() || !options.socket.empty()) return admin;
  spdlog::warn("no API: {} (give --api an address, or off)", admin.error().what);
  return nullptr;
}

std::string address_of_api(const proxy::Admin& admin, const proxy::AdminOptions& options) {
  const auto where = rules::to_text(admin.endpoint());
  if (admin.endpoint().is_unix()) return where;
  return (options.certificate.empty() ? "http://" : "https://") + where;
}

}  // namespace brownout::cli
