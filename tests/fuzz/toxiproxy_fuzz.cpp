// Fuzzes the bodies of requests to Toxiproxy's API with any bytes, which give a proxy or an error.
// An accepted proxy is a valid configuration, and is the same after it is written and read again.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "proxy/formats/toxiproxy_model.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = toxiproxy::parse_body(std::string(reinterpret_cast<const char*>(data), size));
  if (!body) return 0;
  if (auto toxic = toxiproxy::read_toxic(*body)) {
    if (!toxiproxy::update_toxic(*toxic, toxiproxy::to_json(*toxic))) std::abort();
  }
  auto proxy = toxiproxy::read_proxy(*body);
  if (!proxy) return 0;
  if (!toxiproxy::config_of({*proxy})) std::abort();
  const auto json = toxiproxy::to_json(*proxy);
  const auto again = toxiproxy::read_proxy(json);
  if (!again || toxiproxy::to_json(*again) != json) std::abort();
  return 0;
}
