#include "proxy/cli/in_process.h"

#include <fmt/core.h>

#include "proxy/formats/load_rules.h"

namespace brownout::cli {

InProcess::InProcess(const std::string& rules, unsigned workers) {
  const auto config = codecs::load_rules(file(rules));
  if (!config) return;
  auto engine = proxy::Engine::start(control_, *config, {workers, nullptr});
  if (!engine) return;
  engine_ = std::move(*engine);
  endpoint_ = engine_->bound("embedded");
  thread_ = std::thread([this] { control_.run(); });
}

InProcess::~InProcess() {
  if (!thread_.joinable()) return;
  control_.stop();
  thread_.join();
}

std::string InProcess::file(const std::string& rules) const {
  return fmt::format(
      "version = 1\nseed = 20211004\n\n[[upstream]]\nname = \"echo\"\nservers = [\"{}\"]\n\n"
      "[[listener]]\nname = \"embedded\"\nlisten = \"127.0.0.1:0\"\nupstream = \"echo\"\n\n{}",
      to_text(server_.endpoint()), rules);
}

void InProcess::reload(const std::string& rules) {
  const auto config = codecs::load_rules(file(rules));
  if (!config) return;
  on_control([&] { [[maybe_unused]] const auto done = engine_->reload(*config); });
  engine_->wait_for_workers();
}

void InProcess::on_control(std::function<void()> action) {
  std::promise<void> done;
  control_.post([&] {
    action();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace brownout::cli
