#include "proxy/observe/otlp_value.h"

#include "proxy/formats/json_text.h"

namespace brownout::proxy {
namespace {

OtlpObject otlp_value(const OtlpObject& value) {
  if (value.is_boolean()) return {{"boolValue", value}};
  // In Protobuf's JSON encoding, a 64-bit integer is a string.
  if (value.is_number_integer()) return {{"intValue", value.dump()}};
  if (value.is_number()) return {{"doubleValue", value}};
  return {{"stringValue", value.is_string() ? value.get<std::string>() : codecs::json_text(value)}};
}

}  // namespace

OtlpObject otlp_attribute(std::string_view key, const OtlpObject& value) {
  return {{"key", key}, {"value", otlp_value(value)}};
}

std::string otlp_request(const OtlpMembers& members, OtlpObject items, const OtlpSource& source) {
  OtlpObject scoped{{"scope", {{"name", "brownout"}, {"version", source.version}}}};
  scoped[members.items] = std::move(items);
  OtlpObject all{{"resource", {{"attributes", OtlpObject::array()}}}};
  for (const auto& [name, value] : source.attributes) {
    all["resource"]["attributes"].push_back(otlp_attribute(name, value));
  }
  all[members.scopes] = OtlpObject::array({std::move(scoped)});
  OtlpObject request;
  request[members.resources] = OtlpObject::array({std::move(all)});
  return codecs::json_text(request);
}

}  // namespace brownout::proxy
