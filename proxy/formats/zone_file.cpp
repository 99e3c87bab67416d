#include "proxy/formats/zone_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "proxy/formats/zone_generate.h"
#include "proxy/formats/zone_text.h"
#include "rules/base/terminal_text.h"
#include "rules/base/whole_number.h"
#include "rules/protocols/dns/codec/ldns_records.h"

namespace brownout::codecs {
namespace {

constexpr std::uint32_t kDefaultTtl = 60;
// the largest TTL that DNS allows (RFC 2181, section 8)
constexpr std::uint64_t kMostTtl = 0x7fffffff;
constexpr std::string_view kRecordHint =
    R"(e.g. "chat.example.org. 60 IN A 192.0.2.1", as in a zone file)";

std::string in_capitals(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

// Parses a time such as "3600", or "1h30m" as BIND writes it. Returns a number above kMostTtl if
// the time is too long, and nothing if the word is not a time.
std::optional<std::uint64_t> parse_ttl(std::string_view word) {
  std::uint64_t total = 0;
  std::uint64_t number = 0;
  bool digits = false;
  for (const char c : word) {
    if (c >= '0' && c <= '9') {
      digits = true;
      number = std::min(number * 10 + static_cast<std::uint64_t>(c - '0'), kMostTtl + 1);
      continue;
    }
    constexpr std::pair<char, std::uint32_t> kUnits[] = {
        {'S', 1}, {'M', 60}, {'H', 3600}, {'D', 86400}, {'W', 604800}};
    const auto* unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& candidate) {
          return candidate.first == std::toupper(static_cast<unsigned char>(c));
        });
    if (!std::exchange(digits, false) || unit == std::end(kUnits)) return std::nullopt;
    total = std::min(total + std::exchange(number, 0) * unit->second, kMostTtl + 1);
  }
  return word.empty() ? std::nullopt : std::optional(total + number);
}

bool is_class(std::string_view word) {
  const auto name = in_capitals(word);
  return name == "IN" || name == "CH" || name == "HS" ||
         (name.starts_with("CLASS") &&
          rules::parse_whole_number<std::uint16_t>(std::string_view(name).substr(5), 65535));
}

// Totals over all zones that were read so far: records from $GENERATE, included files, and bytes of
// included and generated text. The limits of zone_file.h apply to them.
struct ZoneBudget {
  std::size_t generated = 0;
  std::size_t includes = 0;
  std::size_t text = 0;
};

// Reads the entries of a zone in order. ldns parses each record. This class adds the fields that a
// line inherits (origin, owner, TTL, class). ldns' own file reader supports neither a relative
// $ORIGIN nor a class before the TTL, both of which RFC 1035, section 5.1, allows.
class ZoneReader {
 public:
  ZoneReader(rules::Zone& zone, const Includes& includes, ZoneBudget& budget,
             rules::Diagnostics& problems)
      : zone_(zone), includes_(includes), budget_(budget), problems_(problems) {}

  void read(const std::vector<ZoneEntry>& entries) {
    for (const auto& entry : entries) {
      if (problems_.full()) return;
      read(entry);
    }
  }

 private:
  void read(const ZoneEntry& entry) {
    std::string_view rest = entry.text;
    if (!entry.owner_left_out && rest.starts_with('$')) return read_directive(entry, rest);
    if (!entry.owner_left_out) {
      auto owner = absolute(next_word(rest));
      if (!owner)
        return bad(entry, "the record's name is not a domain name", std::string(kRecordHint));
      owner_ = std::move(*owner);
    } else if (owner_.empty()) {
      return bad(
          entry, "the first record begins with a blank, so it has no name",
          "begin the line with a name; only later lines may take the name of the line before");
    }
    const auto ttl = take_ttl_and_class(entry, rest);
    if (!ttl) return;
    if (const auto why = add(owner_, *ttl, rest); !why.empty()) {
      bad(entry, why, std::string(kRecordHint));
    }
  }

  // Removes TTL and class from `rest`; both are optional and may come in any order. Returns the
  // TTL, or nothing after reporting an error.
  std::optional<std::uint32_t> take_ttl_and_class(const ZoneEntry& entry, std::string_view& rest) {
    std::optional<std::uint32_t> ttl;
    std::optional<std::string> dns_class;
    auto behind = rest;
    while (true) {
      const auto word = next_word(behind);
      if (!ttl && !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0) {
        ttl = read_ttl(entry, word);
        if (!ttl) return std::nullopt;
      } else if (!dns_class && is_class(word)) {
        dns_class = word;
      } else {
        break;
      }
      rest = behind;
    }
    if (ttl) last_ttl_ = *ttl;
    if (dns_class) class_ = *dns_class;
    return ttl.value_or(default_ttl_.value_or(last_ttl_));
  }

  void bad(const ZoneEntry& entry, const std::string& what, const std::string& hint) {
    add_zone_problem(problems_, entry, what, hint);
  }

  // Adds a record to the zone. Returns an error text; "" after success.
  std::string add(const std::string& owner, std::uint32_t ttl, std::string_view type_and_data) {
    const auto line =
        owner + " " + std::to_string(ttl) + " " + class_ + " " + std::string(type_and_data);
    // Refuses longer text, which ldns would cut silently.
    if (type_and_data.size() > kMostRdata) {
      return "the record has more than 65535 characters after its name, TTL and class";
    }
    ldns_rr* rr = nullptr;
    const auto status = ldns_rr_new_frm_str(&rr, line.c_str(), ttl, origin_.get(), nullptr);
    const Record record(rr);
    if (status != LDNS_STATUS_OK) return ldns_get_errorstr_by_id(status);
    auto read = from_ldns(*record);
    if (read.rdata.size() > kMostRdata) {
      return "the record's data has " + std::to_string(read.rdata.size()) +
             " bytes, but at most 65535 are possible";
    }
    if (auto why = beside_an_alias(read); !why.empty()) return why;
    zone_.records.push_back(std::move(read));
    return {};
  }

  // Checks that a name with a CNAME has no other record (RFC 2181, section 10.1). Returns an error
  // text; "" if there is no error.
  std::string beside_an_alias(const rules::DnsRecord& record) {
    // The types KEY, RRSIG and NSEC may have the same name as a CNAME.
    constexpr std::array kBesideAny{rules::DnsType{25}, rules::DnsType{46}, rules::DnsType{47}};
    if (std::find(kBesideAny.begin(), kBesideAny.end(), record.type) != kBesideAny.end()) return {};
    const std::pair key(record.dns_class, rules::canonical_name(record.name));
    if (record.type != rules::DnsType::kCname) {
      has_others_.insert(key);
      return aliases_.contains(key)
                 ? "the record's name has a CNAME already, and such a name can have no other record"
                 : "";
    }
    if (has_others_.contains(key))
      return "the record's name has other records already, so it cannot have a CNAME";
    const auto [alias, first] = aliases_.emplace(key, record.rdata);
    return first || alias->second == record.rdata ? ""
                                                  : "the record's name has another CNAME already";
  }

  void read_directive(const ZoneEntry& entry, std::string_view rest) {
    const auto name = in_capitals(next_word(rest));
    if (name == "$INCLUDE") return include(entry, rest);
    if (name == "$GENERATE") return generate(entry, rest);
    if (name != "$ORIGIN" && name != "$TTL") {
      return bad(entry, "unknown directive", "allowed: $ORIGIN, $TTL, $INCLUDE and $GENERATE");
    }
    const auto word = next_word(rest);
    if (word.empty() || !rest.empty()) {
      return bad(entry, "the directive takes exactly one word",
                 R"("$ORIGIN example.org." or "$TTL 1h")");
    }
    if (name == "$TTL") {
      if (const auto ttl = read_ttl(entry, word)) default_ttl_ = ttl;
      return;
    }
    const auto origin = absolute(word);
    if (!origin)
      return bad(entry, "the origin is not a domain name", R"(e.g. "$ORIGIN example.org.")");
    origin_.reset(ldns_dname_new_frm_str(origin->c_str()));
  }

  void include(const ZoneEntry& entry, std::string_view rest) {
    const auto file = without_quotes(next_word(rest));
    const auto word = next_word(rest);
    if (file.empty() || !rest.empty()) {
      return bad(entry, "$INCLUDE takes a file and, optionally, an origin",
                 R"("$INCLUDE hosts.zone" or "$INCLUDE hosts.zone lab.example.org.")");
    }
    const auto origin = word.empty() ? std::nullopt : absolute(word);
    if (!word.empty() && !origin) {
      return bad(entry, "the origin after the file is not a domain name",
                 R"(e.g. "$INCLUDE hosts.zone lab.")");
    }
    const auto path = path_beside(open_.empty() ? includes_.rule_file : open_.back(), file);
    const auto text = read_included(entry, path);
    if (!text) return;
    Name origin_before(origin_ ? ldns_rdf_clone(origin_.get()) : nullptr);
    const auto owner_before = owner_;
    if (origin) origin_.reset(ldns_dname_new_frm_str(origin->c_str()));
    open_.push_back(path);
    read(zone_file_entries(path, *text, entry.where, problems_));
    open_.pop_back();
    owner_ = owner_before;
    origin_ = std::move(origin_before);
  }

  // Returns the text of an included file, or nothing after reporting an error.
  std::optional<std::string> read_included(const ZoneEntry& entry, const std::string& path) {
    const auto refuse = [&](const std::string& what, const std::string& hint) {
      bad(entry, what, hint);
      return std::nullopt;
    };
    if (const auto first = std::find(open_.begin(), open_.end(), path); first != open_.end()) {
      std::string circle;
      for (auto file = first; file != open_.end(); ++file) circle += *file + " -> ";
      return refuse("the files include each other in a circle: " + rules::printable(circle + path),
                    "remove one of these $INCLUDE lines");
    }
    if (open_.size() >= kDeepestInclude) {
      return refuse(
          "$INCLUDE is nested more than " + std::to_string(kDeepestInclude) + " levels deep",
          "check whether a file includes itself by a symbolic link; if not, include the innermost "
          "files in `records` of the rule file");
    }
    if (++budget_.includes > kMostIncludes) {
      return refuse("more than " + std::to_string(kMostIncludes) + " files are included",
                    "join some of these files");
    }
    if (!includes_.read)
      return refuse("$INCLUDE is not possible in this context, because no files can be read",
                    "copy the lines of the included file into `records`");
    auto text = includes_.read(path);
    if (!text) {
      const auto& hint = text.error().hint;
      return refuse(
          rules::printable(path) + ": " + text.error().what,
          hint.empty()
              ? "check the path: a relative path begins in the folder of the file that includes it"
              : hint);
    }
    if (!spend(entry, text->size())) return std::nullopt;
    return std::move(*text);
  }

  bool spend(const ZoneEntry& entry, std::size_t bytes) {
    budget_.text += bytes;
    if (budget_.text <= kMostZoneText) return true;
    bad(entry, "zones are larger than 64 MiB, including all included and generated text",
        "remove some records");
    return false;
  }

  void generate(const ZoneEntry& entry, std::string_view rest) {
    const auto range = parse_generate_range(next_word(rest));
    if (!range) return bad(entry, range.error().what, range.error().hint);
    const auto owner = next_word(rest);
    const auto ttl = take_ttl_and_class(entry, rest);
    if (!ttl) return;
    const auto type = next_word(rest);
    const auto data = without_quotes(next_word(rest));
    if (data.empty() || !rest.empty()) {
      return bad(entry, "$GENERATE takes a name, a type and one word of data after the range",
                 R"(e.g. "$GENERATE 1-9 host$ A 192.0.2.$"; quotes make one word of several)");
    }
    if (range->count() > kMostGenerated - budget_.generated) {
      return bad(entry, "$GENERATE makes more than 65536 records in all zones together",
                 "choose a smaller range, or a larger step");
    }
    budget_.generated += range->count();
    for (std::uint64_t number = range->first; number <= range->last; number += range->step) {
      if (!generate_record(entry, static_cast<std::uint32_t>(number), owner, *ttl, type, data))
        return;
    }
  }

  // Adds one record of $GENERATE. Returns false after an error. The caller then stops, since the
  // next numbers would fail in the same way.
  bool generate_record(const ZoneEntry& entry, std::uint32_t number, std::string_view owner,
                       std::uint32_t ttl, std::string_view type, std::string_view data) {
    const auto refuse = [&](const std::string& what, const std::string& hint) {
      bad(entry, "for " + std::to_string(number) + ": " + what, hint);
      return false;
    };
    const auto name = generated_text(owner, number);
    if (!name) return refuse(name.error().what, name.error().hint);
    const auto full_name = absolute(*name);
    if (!full_name) {
      return refuse(quoted_word(*name) + " is not a domain name", std::string(kRecordHint));
    }
    const auto text = generated_text(data, number);
    if (!text) return refuse(text.error().what, text.error().hint);
    if (!spend(entry, name->size() + text->size())) return false;
    const auto record = std::string(type) + " " + *text;
    const auto why = add(*full_name, ttl, record);
    return why.empty() ||
           refuse(quoted_word(*name + " " + record) + ": " + why, std::string(kRecordHint));
  }

  std::optional<std::uint32_t> read_ttl(const ZoneEntry& entry, std::string_view word) {
    const auto ttl = parse_ttl(word);
    if (ttl && *ttl <= kMostTtl) return static_cast<std::uint32_t>(*ttl);
    bad(entry,
        quoted_word(word) +
            (ttl ? " is more than the longest possible TTL" : " is not a time to live"),
        R"(at most 2147483647 seconds, e.g. "3600" or "1h30m")");
    return std::nullopt;
  }

  // Returns a name as an absolute name, with a final dot. The origin, if it is known, is added to a
  // relative name. Returns nothing if the word is not a domain name.
  std::optional<std::string> absolute(std::string_view word) const {
    const std::string text(word);
    if (text == "@") return origin_ ? std::optional(text_of(*origin_) + ".") : std::nullopt;
    const Name name(ldns_dname_new_frm_str(text.c_str()));
    if (!name) return std::nullopt;
    if (origin_ && !ldns_dname_str_absolute(text.c_str()) &&
        ldns_dname_cat(name.get(), origin_.get()) != LDNS_STATUS_OK) {
      return std::nullopt;
    }
    return text_of(*name) + ".";
  }

  rules::Zone& zone_;
  const Includes& includes_;
  ZoneBudget& budget_;
  rules::Diagnostics& problems_;
  using Owner = std::pair<std::uint16_t, std::string>;  // class and name of records
  std::map<Owner, std::vector<std::uint8_t>> aliases_;  // data of each CNAME record
  std::set<Owner> has_others_;
  std::vector<std::string> open_;  // files that are being read, each of which includes the next
  Name origin_;
  std::string owner_;
  std::optional<std::uint32_t> default_ttl_;  // value of $TTL (RFC 2308, section 4)
  std::uint32_t last_ttl_ = kDefaultTtl;
  std::string class_ = "IN";
};

}  // namespace

rules::Diagnostics read_zones(rules::Config& config, const Includes& includes) {
  rules::Diagnostics problems;
  ZoneBudget budget;
  for (auto& zone : config.zones) {
    ZoneReader(zone, includes, budget, problems).read(zone_entries(zone.lines, problems));
  }
  return problems;
}

}  // namespace brownout::codecs
