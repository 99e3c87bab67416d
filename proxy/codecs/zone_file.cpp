#include "proxy/codecs/zone_file.h"

#include "proxy/codecs/ldns_records.h"
#include "rules/load_toml.h"

namespace brownout::codecs {
namespace {

constexpr std::uint32_t kDefaultTtl = 60;

void read_line(const rules::Zone::Line& line, rules::Zone& zone, rules::Diagnostics& problems) {
  ldns_rr* rr = nullptr;
  const auto status = ldns_rr_new_frm_str(&rr, line.text.c_str(), kDefaultTtl, nullptr, nullptr);
  const Record owner(rr);
  if (status != LDNS_STATUS_OK) {
    problems.add(line.where,
                 "records: " + rules::in_quotes(line.text) + ": " + ldns_get_errorstr_by_id(status),
                 R"(e.g. "chat.example.org. 60 IN A 192.0.2.1", as in a zone file)");
    return;
  }
  zone.records.push_back(from_ldns(*owner));
}

}  // namespace

rules::Diagnostics read_zones(rules::Config& config) {
  rules::Diagnostics problems;
  for (auto& zone : config.zones) {
    for (const auto& line : zone.lines) read_line(line, zone, problems);
  }
  return problems;
}

tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text) {
  const auto document = rules::parse_toml(text);
  if (!document) return tl::unexpected(document.error());
  return load_rules(*document);
}

tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document) {
  auto config = rules::read_config(document);
  if (!config) return config;
  auto problems = read_zones(*config);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return config;
}

}  // namespace brownout::codecs
