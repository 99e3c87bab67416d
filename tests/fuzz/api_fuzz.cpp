// Fuzzes the bodies of API requests with any JSON. A body is read as a table, or rejected with
// errors whose JSON pointers lead to a place in the body. A document must be the same after it is
// written and read again.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "proxy/formats/json_document.h"
#include "rules/language/complete_names.h"
#include "rules/language/load_toml.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = codecs::parse_json({reinterpret_cast<const char*>(data), size});
  if (!body) return 0;
  // Load the document as a [[rule]] of a small file.
  static const auto kFile = *rules::parse_toml(R"(version = 1
[[listener]]
name = "chat"
listen = "127.0.0.1:1"
upstream = "server"
[[upstream]]
name = "server"
servers = ["127.0.0.1:2"])");
  auto document = kFile;
  std::get<rules::Node::Table>(document.value).push_back({"rule", {}, {rules::Node::Array{*body}}});
  rules::complete_names(document);
  const codecs::Pointers pointers(document);
  const auto json = codecs::to_json(document);
  if (codecs::to_json(codecs::to_node(json)) != json) std::abort();
  const auto config = rules::read_config(document);
  if (config) return 0;
  for (const auto& mistake : config.error().sorted()) {
    const auto& pointer = pointers.at(mistake.where);
    try {
      (void)json.at(nlohmann::ordered_json::json_pointer(pointer));
    } catch (const nlohmann::json::exception&) {
      std::abort();
    }
  }
  return 0;
}
