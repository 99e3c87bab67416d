#include "proxy/formats/netem.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "rules/base/diagnostics.h"
#include "rules/base/whole_number.h"

namespace brownout::codecs {
namespace {

using rules::Result;

constexpr std::size_t kMostNetemCommands = 500;

struct NetemUnit {
  std::string_view name;
  double factor;
};
// Units of time, in nanoseconds. A time without a unit is refused: some versions of tc read it as
// microseconds, others as nanoseconds.
constexpr std::array kTimes{NetemUnit{"s", 1e9},  NetemUnit{"sec", 1e9},  NetemUnit{"secs", 1e9},
                            NetemUnit{"ms", 1e6}, NetemUnit{"msec", 1e6}, NetemUnit{"msecs", 1e6},
                            NetemUnit{"us", 1e3}, NetemUnit{"usec", 1e3}, NetemUnit{"usecs", 1e3},
                            NetemUnit{"ns", 1},   NetemUnit{"nsec", 1},   NetemUnit{"nsecs", 1}};
// Units of rates, in bits per second. In tc, "bps" means bytes per second (tc(8), UNITS).
constexpr std::array kTcRates{
    NetemUnit{"", 1},         NetemUnit{"bit", 1},         NetemUnit{"kbit", 1e3},
    NetemUnit{"mbit", 1e6},   NetemUnit{"gbit", 1e9},      NetemUnit{"tbit", 1e12},
    NetemUnit{"kibit", 1024}, NetemUnit{"mibit", 1048576}, NetemUnit{"gibit", 1073741824},
    NetemUnit{"bps", 8},      NetemUnit{"kbps", 8e3},      NetemUnit{"mbps", 8e6},
    NetemUnit{"gbps", 8e9}};

struct NetemNumber {
  double value = 0;
  std::string unit;
};

std::optional<NetemNumber> number_in(std::string_view word) {
  NetemNumber number;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number.value);
  if (error != std::errc{} || !std::isfinite(number.value) || number.value < 0) return std::nullopt;
  for (const char c : std::string_view(end, word.data() + word.size())) {
    number.unit += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return number;
}

template <class Units>
std::optional<double> scaled_number(std::string_view word, const Units& units) {
  const auto number = number_in(word);
  if (!number) return std::nullopt;
  for (const auto& unit : units) {
    // Refuses numbers beyond 2^53, which a double cannot hold exactly. No setting of a fault is as
    // large.
    if (unit.name == number->unit && number->value * unit.factor < 9e15) {
      return number->value * unit.factor;
    }
  }
  return std::nullopt;
}

std::optional<rules::Duration> time_in(std::string_view word) {
  if (word == "0") return rules::Duration{};
  const auto nanoseconds = scaled_number(word, kTimes);
  if (!nanoseconds) return std::nullopt;
  return rules::Duration(std::llround(*nanoseconds));
}

// Parses a percentage. As in tc, the sign % may be absent.
std::optional<rules::Ratio> percent_in(std::string_view word) {
  const auto number = number_in(word);
  if (!number || number->value > 100 || (!number->unit.empty() && number->unit != "%")) {
    return std::nullopt;
  }
  return rules::Ratio::of(number->value / 100);
}

class NetemReader {
 public:
  NetemReader(const std::vector<std::string>& words, std::size_t from, Netem& into)
      : words_(words), next_(from), netem_(into) {}

  Result<void> read() {
    while (next_ < words_.size() && error_.empty()) {
      const auto option = words_[next_++];
      read_option(option);
    }
    if (error_.empty()) return {};
    return rules::config_error(error_, hint_);
  }

 private:
  void read_option(const std::string& option) {
    if (option == "delay" || option == "latency") return read_delay();
    if (option == "loss" || option == "drop") return read_loss();
    if (option == "distribution") return read_distribution();
    if (option == "duplicate") return read_share(option, netem_.duplicate);
    if (option == "corrupt") return read_share(option, netem_.corrupt);
    if (option == "reorder") return read_share(option, netem_.reorder);
    if (option == "gap") return read_gap();
    if (option == "rate") return read_rate();
    // `limit` is the length of the kernel's queue, and `seed` the seed of the kernel's random
    // numbers. A proxy has neither.
    if (option == "limit" || option == "seed") return skip(1);
    if (option == "ecn") return leave_out(option);
    if (option == "slot") return read_slot();
    expect("an option of netem", option,
           "the options of netem are delay, loss, duplicate, corrupt, reorder, gap, rate, limit, "
           "slot and seed");
  }

  static bool is_option(std::string_view word) {
    constexpr std::array kOptions = std::to_array<std::string_view>(
        {"delay", "latency", "loss", "drop", "distribution", "duplicate", "corrupt", "reorder",
         "gap", "rate", "limit", "seed", "ecn", "slot"});
    return std::find(kOptions.begin(), kOptions.end(), word) != kOptions.end();
  }

  void expect(std::string_view what, std::string_view found, std::string hint) {
    error_ = std::string(what) + " is expected, not " + rules::in_quotes(found);
    hint_ = std::move(hint);
  }
  void leave_out(std::string word) { netem_.left_out.push_back(std::move(word)); }
  void skip(std::size_t count) { next_ = std::min(words_.size(), next_ + count); }
  std::string_view peek() const {
    return next_ < words_.size() ? words_[next_] : std::string_view{};
  }

  // Reads the next word if it is a percentage. Returns false otherwise.
  bool take(rules::Ratio& into) {
    const auto percent = percent_in(peek());
    if (!percent) return false;
    into = *percent;
    ++next_;
    return true;
  }
  bool need(rules::Ratio& into, std::string_view option) {
    if (take(into)) return true;
    expect("a percentage from 0% to 100% after " + rules::in_quotes(option), peek(), "e.g. 0.3%");
    return false;
  }

  void read_delay() {
    constexpr const char* kHint = "a number with a unit: 100ms, 1.5s, 200us";
    const auto delay = time_in(peek());
    if (!delay) return expect("a time after \"delay\"", peek(), kHint);
    ++next_;
    netem_.delay = NetemDelay{.delay = *delay};
    if (peek().empty() || is_option(peek())) return;
    const auto jitter = time_in(peek());
    if (!jitter) return expect("a time or an option of netem", peek(), kHint);
    ++next_;
    netem_.delay->jitter = *jitter;
    take(netem_.delay->correlation);
  }

  void read_distribution() {
    constexpr std::array kNames =
        std::to_array<std::string_view>({"uniform", "normal", "pareto", "paretonormal"});
    const auto name = std::string(peek());
    skip(1);
    if (!netem_.delay || netem_.delay->jitter == rules::Duration{}) {
      return expect("a delay with a jitter before \"distribution\"", name, "e.g. delay 100ms 10ms");
    }
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) {
      netem_.delay->distribution = name;
    } else {
      leave_out("distribution " + name);
    }
  }

  void read_share(const std::string& option, std::optional<NetemShare>& into) {
    NetemShare share;
    if (!need(share.share, option)) return;
    take(share.correlation);
    into = share;
  }

  void read_loss() {
    if (peek() == "random") ++next_;
    if (peek() == "gemodel") return read_model();
    if (peek() == "state") return read_states();
    read_share("loss", netem_.loss);
  }

  // Skips the label of a number, which `tc qdisc show` prints.
  void skip_label(std::string_view name) {
    if (peek() == name) ++next_;
  }

  // Reads "gemodel 1% 10% 70% 0.1%". The numbers may have labels.
  void read_model() {
    ++next_;
    NetemModel model;
    skip_label("p");
    if (!need(model.p, "gemodel")) return;
    model.r = rules::Ratio{rules::Ratio::kOne - model.p.parts_per_billion};
    skip_label("r");
    take(model.r);
    skip_label("1-h");
    take(model.one_minus_h);
    skip_label("1-k");
    take(model.one_minus_k);
    netem_.loss_model = model;
  }

  // Reads "state 1% 25% 10% 60% 0.1%". The numbers may have labels.
  void read_states() {
    ++next_;
    NetemStates states;
    skip_label("p13");
    if (!need(states.p13, "state")) return;
    states.p31 = rules::Ratio{rules::Ratio::kOne - states.p13.parts_per_billion};
    skip_label("p31");
    take(states.p31);
    skip_label("p32");
    take(states.p32);
    skip_label("p23");
    take(states.p23);
    skip_label("p14");
    take(states.p14);
    netem_.loss_states = states;
  }

  void read_gap() {
    const auto gap = rules::parse_whole_number<std::int64_t>(peek(), 1'000'000);
    if (!gap) return expect("a whole number after \"gap\"", peek(), "e.g. gap 5");
    ++next_;
    netem_.gap = *gap;
  }

  void read_rate() {
    const auto rate = scaled_number(peek(), kTcRates);
    if (!rate) return expect("a rate after \"rate\"", peek(), "e.g. 1mbit, 500kbit");
    ++next_;
    auto& link = netem_.rate.emplace();
    link.rate = rules::Rate{std::llround(*rate)};
    // The numbers may have labels, as `tc qdisc show` prints them.
    for (const auto& [label, into] :
         {std::pair{"packetoverhead", &link.overhead}, std::pair{"cellsize", &link.cell},
          std::pair{"celloverhead", &link.cell_overhead}}) {
      if (peek() == label) ++next_;
      const auto bytes = rules::parse_whole_number<std::uint16_t>(peek(), 65'535);
      if (!bytes) break;
      *into = *bytes;
      ++next_;
    }
    // Negative overheads are left out: a proxy does not know the size of the headers.
    std::string rest;
    while (next_ < words_.size() && !is_option(words_[next_])) rest += " " + words_[next_++];
    if (!rest.empty()) leave_out("rate:" + rest);
  }

  // Reads "slot 800us 1ms packets 42 bytes 64k". A slot with a distribution is left out.
  void read_slot() {
    const auto min = time_in(peek());
    if (!min) {
      std::string text = "slot";
      if (peek() == "distribution") text += " " + words_[next_++];
      while (next_ < words_.size() && !is_option(words_[next_])) text += " " + words_[next_++];
      return leave_out(text);
    }
    ++next_;
    auto& slot = netem_.slot.emplace(NetemSlot{.min = *min, .max = *min});
    if (const auto max = time_in(peek()); max && !peek().empty()) {
      slot.max = *max;
      ++next_;
    }
    while (peek() == "packets" || peek() == "bytes") {
      auto& into = peek() == "packets" ? slot.packets : slot.bytes;
      ++next_;
      const auto count = rules::parse_whole_number<std::uint32_t>(peek(), 2'147'483'647);
      if (!count) return expect("a whole number in \"slot\"", peek(), "e.g. slot 1ms packets 10");
      into = *count;
      ++next_;
    }
    if (slot.max < slot.min) {
      expect("a maximum time that is not less than the minimum time after \"slot\"",
             rules::to_text(slot.max), "e.g. slot 800us 1ms");
    }
  }

  const std::vector<std::string>& words_;
  std::size_t next_;
  Netem& netem_;
  std::string error_;
  std::string hint_;
};

// Returns the next line, joined with its continuation lines. Adds the number of lines read to
// `line`.
std::string take_command(std::string_view& text, std::size_t& line) {
  std::string command;
  while (!text.empty()) {
    auto part = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    ++line;
    if (part.ends_with('\r')) part.remove_suffix(1);
    const bool goes_on = part.ends_with('\\');
    if (goes_on) part.remove_suffix(1);
    command += std::string(part) + " ";
    if (!goes_on) break;
  }
  return command;
}

std::vector<std::string> words_of_command(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : command) {
    // A "#" begins a comment only at the beginning of a word, as in a shell.
    if (c == '#' && word.empty()) break;
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

bool is_tc(std::string_view word) { return word == "tc" || word.ends_with("/tc"); }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<void> add_command(std::vector<std::string> words, std::size_t line, NetemText& all) {
  if (words.front() == "sudo") words.erase(words.begin());
  if (words.empty() || (!is_tc(words.front()) && words.front() != "qdisc")) {
    return rules::config_error("this line is not a tc command",
                               "e.g. tc qdisc add dev eth0 root netem delay 100ms");
  }
  const auto netem = std::find(words.begin(), words.end(), "netem");
  const auto has = [&](std::string_view word) {
    return std::find(words.begin(), netem, word) != netem;
  };
  if (netem == words.end() || has("del") || has("delete")) {
    all.left_out.push_back(joined(words));
    return {};
  }
  Netem command{.line = line};
  const auto device = std::find(words.begin(), words.end(), "dev");
  if (device != words.end() && std::next(device) != words.end())
    command.device = *std::next(device);
  auto options = static_cast<std::size_t>(netem - words.begin()) + 1;
  if (words.front() == "qdisc") {
    // Skips the place of the qdisc, which `tc qdisc show` prints before the options. The first
    // printed option is always "limit".
    while (options < words.size() && words[options] != "limit") ++options;
  }
  if (auto read = NetemReader(words, options, command).read(); !read) return read;
  all.commands.push_back(std::move(command));
  return {};
}

}  // namespace

Result<NetemText> read_netem(std::string_view text) {
  NetemText all;
  std::size_t line = 0;
  while (!text.empty()) {
    const auto first = line + 1;
    auto words = words_of_command(take_command(text, line));
    if (words.empty()) continue;
    const bool full = all.commands.size() + all.left_out.size() >= kMostNetemCommands;
    auto added = full ? Result<void>(rules::config_error(
                            "more than " + std::to_string(kMostNetemCommands) + " commands",
                            "import a part of them"))
                      : add_command(std::move(words), first, all);
    if (added) continue;
    return rules::config_error("line " + std::to_string(first) + ": " + added.error().what,
                               added.error().hint);
  }
  if (!all.commands.empty()) return all;
  return rules::config_error("the file has no tc command with netem",
                             "e.g. tc qdisc add dev eth0 root netem delay 100ms");
}

}  // namespace brownout::codecs
