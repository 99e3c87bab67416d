// Fuzzes zone files that include each other, with any text. The zone loads, or is rejected with
// errors that can be printed. A loaded zone answers any question.
#include <cstddef>
#include <cstdint>
#include <string>

#include "proxy/formats/zone_file.h"
#include "rules/base/terminal_text.h"
#include "rules/base/utf8.h"
#include "tests/fuzz/require.h"

using namespace brownout;

// The zone file is the text up to the first NUL. The files "1", "2" and so on follow, separated by
// NULs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> files(1);
  for (const char c : text) c == '\0' ? files.emplace_back() : files.back() += c;
  rules::Config config;
  config.zones.emplace_back().lines.push_back({files.front(), {1, 1}});
  std::size_t reads = 0;
  const codecs::Includes includes{
      "rules.toml", [&](const std::string& path) -> rules::Result<std::string> {
        ++reads;
        const auto number = path.size() == 1 ? static_cast<std::size_t>(path[0] - '0') : 0;
        if (number == 0 || number >= files.size()) return rules::config_error("no such file");
        return files[number];
      }};
  const auto problems = codecs::read_zones(config, includes);
  require(reads <= codecs::kMostIncludes);
  for (const auto& problem : problems.sorted()) {
    require(!problem.hint.empty() && problem.where.line == 1 && problem.what.size() < 10'000);
    require(rules::is_utf8(problem.what) && rules::printable(problem.what) == problem.what);
  }
  auto records = config.zones.front().records;
  const rules::DnsZone zone(records);
  records.resize(std::min<std::size_t>(records.size(), 20));
  for (const auto& record : records) {
    require(zone.answer({record.name, record.type, record.dns_class}).has_value() ||
            record.name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos);
    zone.answer({record.name, rules::DnsType::kAxfr, 1});
  }
  return 0;
}
