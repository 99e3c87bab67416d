// Reads the conditions of nftables rules from JSON (libnftables-json(5)), to import a real
// firewall. No I/O.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "proxy/formats/firewall_import.h"

namespace brownout::codecs {

// Elements of the ruleset's named sets and maps, by "@table/name".
using NftSets = std::map<std::string, nlohmann::json>;

class NftConditions {
 public:
  // `table` is the nftables table of the rules to read; names of sets mean sets of this table.
  NftConditions(const NftSets& sets, std::string table) : sets_(sets), table_(std::move(table)) {}

  // Restricts the rule to packets whose field `left` has a value of `right`; with `negated`, to all
  // other packets. If that is not possible, sets rule.why_not.
  void read(const nlohmann::json& left, bool negated, const nlohmann::json& right,
            ImportedRule& rule) const;
  // Returns the elements of a set or map, which is anonymous or named ("@name"). Returns null if
  // the value is neither a set nor a map.
  const nlohmann::json* elements(const nlohmann::json& value) const;

 private:
  using Json = nlohmann::json;

  void read_payload(const Json& payload, bool negated, const Json& right, ImportedRule& rule) const;
  void read_addresses(const Json& payload, bool negated, const Json& right,
                      ImportedRule& rule) const;
  void read_state(bool negated, const Json& value, ImportedRule& rule) const;
  void read_protocol(bool negated, const Json& value, ImportedRule& rule) const;
  void read_family(bool negated, const Json& value, ImportedRule& rule) const;
  static void read_tcp_flags(const Json& masked, bool negated, const Json& value,
                             ImportedRule& rule);
  bool add_prefixes(const Json& value, std::vector<rules::Prefix>& into) const;
  bool add_ports(const Json& value, std::vector<rules::PortRange>& into) const;
  template <class Read>
  bool each(const Json& value, int depth, Read read) const;

  const NftSets& sets_;
  std::string table_;
};

// Returns the string that `object` has for `key`; "" without this key.
std::string nft_text(const nlohmann::json& object, const char* key);
// Returns the value of a set's element, without its timeout, counter or comment.
const nlohmann::json& nft_element(const nlohmann::json& element);

}  // namespace brownout::codecs
