#include "rules/rehearsal/expect_sentence.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kSentenceExample =
    "e.g. rule_hits of \"the server is gone\" at least 1, or availability at web at least 99%";

// The metrics that need no phase and no synthetic user.
constexpr std::array kRunMetrics{Metric::kRuleHits,   Metric::kCameBackEarly, Metric::kAvailability,
                                 Metric::kLatencyP50, Metric::kLatencyP99,    Metric::kShare};

bool counts_rules(std::optional<Metric> metric) {
  return metric == Metric::kRuleHits || metric == Metric::kCameBackEarly;
}

struct SentenceWord {
  std::string text;
  unsigned column = 0;  // position of the first character, from 1
  bool quoted = false;  // if true, the word is never a keyword
  bool ends = false;    // whether a comma follows the word
};

// Splits a sentence at blanks and commas. A text in quotes is one word; it cannot contain the same
// quotes.
std::vector<SentenceWord> sentence_words(std::string_view sentence) {
  std::vector<SentenceWord> words;
  for (std::size_t at = 0; at < sentence.size();) {
    const char first = sentence[at];
    if (first == ' ' || first == '\t') {
      ++at;
      continue;
    }
    if (first == ',') {
      if (!words.empty()) words.back().ends = true;
      ++at;
      continue;
    }
    const bool quoted = first == '"' || first == '\'';
    const auto begin = quoted ? at + 1 : at;
    const auto end =
        std::min(quoted ? sentence.find(first, begin) : sentence.find_first_of(" \t,", begin),
                 sentence.size());
    words.push_back({std::string(sentence.substr(begin, end - begin)),
                     static_cast<unsigned>(at) + 1, quoted, false});
    at = quoted ? end + 1 : end;
  }
  return words;
}

class SentenceReader {
 public:
  SentenceReader(std::string_view sentence, unsigned line, Diagnostics& problems)
      : words_(sentence_words(sentence)), line_(line), problems_(problems) {}

  // Returns the sentence as an [[expect]] table; no value if the sentence has an error.
  std::optional<Node> read() {
    const auto before = problems_.size();
    read_metric();
    while (problems_.size() == before && at_ < words_.size()) read_part();
    if (problems_.size() == before) check_parts();
    if (problems_.size() != before) return std::nullopt;
    return Node{std::move(table_), {line_, 1}};
  }

 private:
  bool is(std::size_t at, std::string_view keyword) const {
    return at < words_.size() && !words_[at].quoted && words_[at].text == keyword;
  }
  bool begins_bound(std::size_t at) const {
    return is(at, "at") && (is(at + 1, "least") || is(at + 1, "most"));
  }
  Position where() const { return {line_, at_ < words_.size() ? words_[at_].column : 1U}; }
  void complain(std::string what, std::string_view hint = kSentenceExample) {
    problems_.add(where(), std::move(what), std::string(hint));
  }
  void add(std::string key, Node node) {
    const auto place = node.where;
    table_.push_back({std::move(key), place, std::move(node)});
  }

  void check_parts() {
    const auto has = [this](std::string_view key) {
      return std::any_of(table_.begin(), table_.end(),
                         [key](const auto& member) { return member.key == key; });
    };
    const bool hits = counts_rules(metric_);
    const auto name = std::string(name_of(*metric_));
    if (!bounded_) {
      complain("the expectation has no limit",
               "end it with \"at least\" or \"at most\" and a value, e.g. at least 99%");
    } else if (hits && !has("rule")) {
      complain(name + " needs the name of a rule",
               "e.g. " + name + " of \"the server is gone\" at least 1");
    } else if (!hits && !has("listener")) {
      complain(name + " needs the name of a listener",
               "give the listener where it is measured, e.g. availability at web at least 99%");
    } else if (metric_ == Metric::kShare && !has("server")) {
      complain("share needs the address of a server",
               "e.g. share at web of server 127.0.0.1:7002 at most 10%");
    }
  }

  void read_metric() {
    if (words_.empty()) return complain("the expectation is empty");
    const auto& name = words_[0].text;
    std::vector<std::string_view> names;
    for (const auto metric : kRunMetrics) names.push_back(name_of(metric));
    metric_ = value_named<Metric>(name);
    if (!metric_) return complain("there is no metric " + in_quotes(name), suggest(name, names));
    if (std::find(kRunMetrics.begin(), kRunMetrics.end(), *metric_) == kRunMetrics.end()) {
      return complain(name + " cannot be measured by `run`, which has no phases and no users",
                      "write a rehearsal, or expect rule_hits or came_back_early, or at a listener "
                      "availability, latency_p50, latency_p99 or share");
    }
    add("metric", {name, where()});
    ++at_;
  }

  void read_part() {
    if (begins_bound(at_)) return read_bound();
    const auto key = key_at();
    if (key.empty()) return complain("unexpected " + in_quotes(words_[at_].text));
    at_ += key == "server" ? 2 : 1;
    if (at_ == words_.size()) return complain("the expectation ends too early");
    read_names(key);
  }

  std::string key_at() const {
    if (is(at_, "of") && is(at_ + 1, "server") && metric_ == Metric::kShare) return "server";
    if (is(at_, "of") && counts_rules(metric_)) return "rule";
    if (is(at_, "at") && !counts_rules(metric_)) return "listener";
    return {};
  }

  // Reads names separated by commas, up to the next keyword. An unquoted name may contain blanks.
  void read_names(const std::string& key) {
    const auto place = where();
    Node::Array names;
    bool open = false;  // whether the next word belongs to the last name
    while (at_ < words_.size() && !is(at_, "at") && !is(at_, "of")) {
      const auto& word = words_[at_];
      if (open) {
        std::get<std::string>(names.back().value) += " " + word.text;
      } else {
        names.push_back({word.text, where()});
      }
      open = !word.ends;
      ++at_;
    }
    if (names.empty()) return complain("a name is missing");
    if (key == "server") return add(key, std::move(names.front()));
    add(key, {std::move(names), place});
  }

  void read_bound() {
    const auto key = "at_" + words_[at_ + 1].text;
    at_ += 2;
    if (at_ == words_.size())
      return complain("the value after \"at least\" or \"at most\" is missing");
    const auto place = where();
    std::string value;
    for (; at_ < words_.size() && !is(at_, "at"); ++at_) value += words_[at_].text;
    const auto number = parse_whole_number(value, std::numeric_limits<std::int64_t>::max());
    number ? add(key, {*number, place}) : add(key, {std::move(value), place});
    bounded_ = true;
  }

  std::vector<SentenceWord> words_;
  unsigned line_;
  Diagnostics& problems_;
  Node::Table table_;
  std::optional<Metric> metric_;
  std::size_t at_ = 0;
  bool bounded_ = false;
};

}  // namespace

std::vector<Expectation> read_sentences(std::span<const std::string> sentences,
                                        const ScenarioSurroundings& around, Diagnostics& problems) {
  std::vector<Expectation> all;
  unsigned line = 0;
  for (const auto& sentence : sentences) {
    auto node = SentenceReader(sentence, ++line, problems).read();
    if (!node) continue;
    const auto before = problems.size();
    auto read = read_expectations({Node::Array{std::move(*node)}, {line, 1}}, around, problems);
    if (problems.size() == before && !read.empty()) all.push_back(std::move(read.front()));
  }
  return all;
}

}  // namespace brownout::rules
