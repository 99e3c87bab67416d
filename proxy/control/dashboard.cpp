#include "proxy/control/dashboard.h"

#include <array>

#include "dashboard/api_js.h"
#include "dashboard/ask_js.h"
#include "dashboard/charts_js.h"
#include "dashboard/dashboard_css.h"
#include "dashboard/dashboard_js.h"
#include "dashboard/flows_js.h"
#include "dashboard/form_js.h"
#include "dashboard/format_js.h"
#include "dashboard/index_html.h"
#include "dashboard/rehearsal_js.h"
#include "dashboard/rules_js.h"
#include "dashboard/traffic_js.h"
#include "dashboard/uplot_css.h"
#include "dashboard/uplot_js.h"
#include "dashboard/why_js.h"

namespace brownout::proxy {
namespace {

struct File {
  std::string_view path;
  std::string_view content;
  std::string_view type;
};
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";
constexpr std::array kFiles{File{"/", kIndexHtml, "text/html; charset=utf-8"},
                            File{"/dashboard.css", kDashboardCss, kStyle},
                            File{"/dashboard.js", kDashboardJs, kScript},
                            File{"/api.js", kApiJs, kScript},
                            File{"/charts.js", kChartsJs, kScript},
                            File{"/format.js", kFormatJs, kScript},
                            File{"/ask.js", kAskJs, kScript},
                            File{"/flows.js", kFlowsJs, kScript},
                            File{"/form.js", kFormJs, kScript},
                            File{"/rehearsal.js", kRehearsalJs, kScript},
                            File{"/rules.js", kRulesJs, kScript},
                            File{"/traffic.js", kTrafficJs, kScript},
                            File{"/why.js", kWhyJs, kScript},
                            File{"/uplot.css", kUplotCss, kStyle},
                            File{"/uplot.js", kUplotJs, kScript}};

}  // namespace

std::optional<HttpResponse> dashboard_file(const HttpServer::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  for (const auto& file : kFiles) {
    if (file.path != request.path) continue;
    return HttpResponse{.body = std::string(file.content),
                        .type = std::string(file.type),
                        .headers = {{"Content-Security-Policy",
                                     "default-src 'self'; img-src 'self' data:; style-src 'self' "
                                     "'unsafe-inline'; frame-ancestors 'none'"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Cache-Control", "no-cache"}}};
  }
  return std::nullopt;
}

}  // namespace brownout::proxy
