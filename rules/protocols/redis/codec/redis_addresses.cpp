#include "rules/protocols/redis/codec/redis_addresses.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/whole_number.h"

namespace brownout::codecs {
namespace {

using rules::AddressMap;
using rules::Endpoint;

constexpr std::size_t kMostRedisLeaves = 256 << 10;

// A value without elements, such as a string or an integer, in a complete reply.
struct RedisLeaf {
  char sign = 0;
  std::size_t parent = 0;  // number of the array, map or set that contains it
  std::size_t begin = 0;   // offset of its type byte
  std::size_t end = 0;     // offset of the byte after its CRLF
  std::string text = {};
  bool changed = false;
};

class RedisLeaves {
 public:
  // Finds all values of a reply. Returns false if the reply is not valid RESP.
  bool read(std::string_view reply) {
    std::size_t at = 0;
    while (at < reply.size() && all.size() < kMostRedisLeaves) {
      const auto end = reply.find("\r\n", at);
      if (end == std::string_view::npos) return false;
      const char sign = reply[at];
      const auto line = reply.substr(at + 1, end - at - 1);
      if (is_group(sign)) {
        if (!begin_aggregate(sign, line)) return false;
        at = end + 2;
        continue;
      }
      RedisLeaf leaf{
          .sign = sign, .parent = parents_.empty() ? 0 : parents_.back().name, .begin = at};
      leaf.text = line;
      leaf.end = end + 2;
      if (is_string(sign) && line != "-1") {
        const auto size = rules::parse_whole_number(line, reply.size());
        if (!size || leaf.end + *size + 2 > reply.size()) return false;
        leaf.text = reply.substr(leaf.end, *size);
        leaf.end += *size + 2;
      }
      at = leaf.end;
      all.push_back(std::move(leaf));
      end_element();
    }
    return true;
  }

  std::vector<RedisLeaf> all;

 private:
  struct Parent {
    std::size_t name = 0;
    std::uint64_t left = 0;
  };
  static bool is_group(char sign) {
    return std::string_view("*~>%|").find(sign) != std::string_view::npos;
  }
  static bool is_string(char sign) { return sign == '$' || sign == '=' || sign == '!'; }

  bool begin_aggregate(char sign, std::string_view line) {
    const auto count = rules::parse_whole_number<std::uint64_t>(line, INT32_MAX);
    if (!count && line != "-1") return false;
    const auto elements = count.value_or(0) * (sign == '%' || sign == '|' ? 2 : 1);
    if (elements > 0) {
      parents_.push_back({++names_, elements});
    } else if (sign != '|') {
      end_element();
    }
    if (sign == '|' && elements > 0 && parents_.size() > 1) ++parents_[parents_.size() - 2].left;
    return true;
  }
  void end_element() {
    while (!parents_.empty() && --parents_.back().left == 0) parents_.pop_back();
  }

  std::vector<Parent> parents_;
  std::size_t names_ = 0;
};

void change_leaf(RedisLeaf& leaf, std::string text) {
  leaf.text = std::move(text);
  leaf.changed = true;
}

std::optional<std::uint16_t> redis_port_in(std::string_view text) {
  const auto port = rules::parse_whole_number<unsigned>(text, 65'535);
  return port && *port > 0 ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

// Replaces hosts that are followed by their port, as in replies to CLUSTER SLOTS and SENTINEL
// GET-MASTER-ADDR-BY-NAME.
void rewrite_redis_pairs(const AddressMap& map, std::vector<RedisLeaf>& leaves) {
  for (std::size_t i = 0; i + 1 < leaves.size(); ++i) {
    auto& host = leaves[i];
    auto& port = leaves[i + 1];
    if (host.parent != port.parent) continue;
    const auto number = redis_port_in(port.text);
    const auto* other = number ? map.find(host.text, *number) : nullptr;
    if (other == nullptr) continue;
    change_leaf(host, other->host);
    change_leaf(port, std::to_string(other->port));
  }
}

// Replaces addresses in named fields ("ip", "endpoint", "port"), as in replies to CLUSTER SHARDS
// and SENTINEL MASTERS.
void rewrite_redis_fields(const AddressMap& map, std::vector<RedisLeaf>& leaves) {
  for (std::size_t first = 0; first < leaves.size();) {
    auto last = first;
    while (last < leaves.size() && leaves[last].parent == leaves[first].parent) ++last;
    std::vector<RedisLeaf*> hosts;
    RedisLeaf* port = nullptr;
    for (auto i = first; i + 1 < last; i += 2) {
      const auto& name = leaves[i].text;
      if (name == "ip" || name == "endpoint" || name == "hostname") hosts.push_back(&leaves[i + 1]);
      if (name == "port") port = &leaves[i + 1];
    }
    first = last;
    const auto number = port != nullptr ? redis_port_in(port->text) : std::nullopt;
    if (!number) continue;
    const Endpoint* other = nullptr;
    for (auto* host : hosts) {
      if (other == nullptr) other = map.find(host->text, *number);
    }
    if (other == nullptr) continue;
    for (auto* host : hosts) change_leaf(*host, other->host);
    change_leaf(*port, std::to_string(other->port));
  }
}

// Replaces addresses within a text: "MOVED 7 10.0.0.1:7000", the lines of CLUSTER NODES
// ("10.0.0.1:7000@17000"), and messages of a Sentinel ("10.0.0.1 6379").
std::string rewritten_redis_text(const AddressMap& map, std::string_view text) {
  constexpr std::string_view kEnds = " \n\r,";
  std::string result;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find_first_of(kEnds));
    text.remove_prefix(word.size());
    const auto address = word.substr(0, word.find('@'));
    const auto colon = address.rfind(':');
    auto behind = word.substr(address.size());
    const Endpoint* other = nullptr;
    if (colon != std::string_view::npos) {
      if (const auto port = redis_port_in(address.substr(colon + 1))) {
        other = map.find(address.substr(0, colon), *port);
      }
      result +=
          other != nullptr ? other->host + ":" + std::to_string(other->port) : std::string(address);
    } else {
      const auto next = text.substr(std::min<std::size_t>(1, text.size()));
      const auto port = next.substr(0, next.find_first_of(kEnds));
      if (text.starts_with(' ')) {
        if (const auto number = redis_port_in(port)) other = map.find(address, *number);
      }
      result +=
          other != nullptr ? other->host + " " + std::to_string(other->port) : std::string(address);
      if (other != nullptr) text.remove_prefix(1 + port.size());
    }
    result += behind;
    const auto end = std::min(text.find_first_not_of(kEnds), text.size());
    result += text.substr(0, end);
    text.remove_prefix(end);
  }
  return result;
}

void append_redis_text(Bytes& to, std::string_view text) {
  const auto bytes = bytes_of(text);
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

bool names_redis_servers(std::string_view command) {
  return command.starts_with("cluster ") || command.starts_with("sentinel ");
}

Bytes rewrite_redis_addresses(const AddressMap& map, ByteView reply) {
  const auto text = text_of(reply);
  RedisLeaves leaves;
  if (!leaves.read(text)) return {};
  rewrite_redis_pairs(map, leaves.all);
  rewrite_redis_fields(map, leaves.all);
  bool any = false;
  for (auto& leaf : leaves.all) {
    const bool has_text = leaf.sign == '-' || leaf.sign == '$' || leaf.sign == '=';
    if (!leaf.changed && has_text && leaf.text.size() > 2) {
      if (auto other = rewritten_redis_text(map, leaf.text); other != leaf.text)
        change_leaf(leaf, other);
    }
    any |= leaf.changed;
  }
  if (!any) return {};
  Bytes bytes;
  std::size_t at = 0;
  for (const auto& leaf : leaves.all) {
    if (!leaf.changed) continue;
    append_redis_text(bytes, text.substr(at, leaf.begin - at));
    const bool is_line = leaf.sign == '-' || leaf.sign == ':' || leaf.sign == '+';
    append_redis_text(
        bytes, std::string(1, leaf.sign) +
                   (is_line ? leaf.text : std::to_string(leaf.text.size()) + "\r\n" + leaf.text) +
                   "\r\n");
    at = leaf.end;
  }
  append_redis_text(bytes, text.substr(at));
  return bytes;
}

}  // namespace brownout::codecs
