#include "proxy/cli/rehearse_api.h"

#include <nlohmann/json.hpp>

#include "proxy/cli/serve_api.h"
#include "proxy/formats/json_text.h"
#include "proxy/observe/console.h"
#include "proxy/rehearsal/live_course.h"
#include "rules/language/load_toml.h"

namespace brownout::cli {
namespace {

toxiproxy::Outcome<void> refuse_proxies(const std::vector<std::string>&, const rules::Config&) {
  return tl::unexpected(toxiproxy::Problem{
      409, "a rehearsal is running, and its phases decide which rules act; nothing was changed"});
}

}  // namespace

RehearseApi::RehearseApi(rehearsal::Runner& runner, const std::string& text,
                         const RehearseOptions& options)
    : runner_(runner),
      options_(options),
      stream_(runner.loop()),
      live_(runner.loop(), {*rules::parse_toml(text)}, {}) {}

bool RehearseApi::wanted(const RehearseOptions& options) {
  if (options.api.empty()) return !options.ci && !options.virtual_time;
  return options.api != "off";
}

rules::Result<void> RehearseApi::start() {
  if (!wanted(options_)) return {};
  auto& engine = runner_.engine();
  live_.attach(engine);
  toxiproxy_ = std::make_unique<toxiproxy::Api>(engine, refuse_proxies);
  proxy::AdminOptions options;
  options.token_file = options_.token_file;
  options.director = this;
  auto served = serve_api(runner_.loop(), options_.api, options, live_, stream_, *toxiproxy_);
  if (!served) return tl::unexpected(served.error());
  admin_ = std::move(served->admin);
  if (!served->warning.empty()) proxy::print_error("warning: " + served->warning + "\n");
  if (admin_) address_ = address_of_api(*admin_, options);
  return {};
}

void RehearseApi::begin_phase(const std::string& phase) {
  stream_.tell(codecs::json_text(nlohmann::json{{"event", "begun"}, {"phase", phase}}));
}

void RehearseApi::halt() { runner_.halt("the API halted the rehearsal"); }

nlohmann::ordered_json RehearseApi::course() const { return rehearsal::course_of(runner_); }

}  // namespace brownout::cli
