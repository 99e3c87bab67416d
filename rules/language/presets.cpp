#include "rules/language/presets.h"

#include <array>

#include "rules/base/find_named.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kSitespeed = "sitespeed.io throttle";
constexpr std::string_view kComcast = "Comcast (tylertreat), its delay taken as the round trip";
constexpr std::string_view kChrome = "Chrome DevTools, NetworkManager.ts: the target figures";
constexpr std::string_view kLighthouse = "Lighthouse";
constexpr std::string_view kConditioner =
    "Apple Network Link Conditioner, as the tests of Soundtrack's SDK list it";

constexpr std::string_view kConditionerOfProbe =
    "Apple Network Link Conditioner, as Probe's documentation lists it";

constexpr std::string_view kCharles = "Charles, Throttle Settings; its MTU is left out";

constexpr std::array kPresets{
    Preset{"3g", "768 kbit/s", "1600 kbit/s", "150ms", "", kSitespeed},
    Preset{"3g-fast", "768 kbit/s", "1600 kbit/s", "75ms", "", kSitespeed},
    Preset{"3g-slow", "400 kbit/s", "400 kbit/s", "200ms", "", kSitespeed},
    Preset{"2g", "256 kbit/s", "280 kbit/s", "400ms", "", kSitespeed},
    Preset{"edge", "200 kbit/s", "240 kbit/s", "420ms", "", kSitespeed},
    Preset{"dsl", "384 kbit/s", "1500 kbit/s", "25ms", "", kSitespeed},
    Preset{"cable", "1 Mbit/s", "5 Mbit/s", "14ms", "", kSitespeed},
    Preset{"4g", "9 Mbit/s", "9 Mbit/s", "85ms", "", kSitespeed},
    Preset{"lte", "12 Mbit/s", "12 Mbit/s", "35ms", "", kSitespeed},
    Preset{"dial", "30 kbit/s", "49 kbit/s", "60ms", "", kSitespeed},
    Preset{"satellite-leo", "", "", "20ms", "2.5%", "the same as comcast-starlink"},
    Preset{"satellite-geo", "", "", "558ms", "",
           "RFC 2488, 2: the propagation alone, by one satellite"},
    Preset{"satellite", "", "", "20ms", "2.5%", "the former name of satellite-leo"},
    Preset{"lossy-wifi", "30 Mbit/s", "30 Mbit/s", "40ms", "0.2%", "the same as comcast-wifi"},
    Preset{"gprs", "50 kbit/s", "50 kbit/s", "500ms", "2%", "the same as comcast-gprs"},
    Preset{"dsl-poor", "2 Mbit/s", "2 Mbit/s", "70ms", "2%", "the same as comcast-dsl-poor"},
    Preset{"comcast-gprs", "50 kbit/s", "50 kbit/s", "500ms", "2%", kComcast},
    Preset{"comcast-edge", "250 kbit/s", "250 kbit/s", "300ms", "1.5%", kComcast},
    Preset{"comcast-3g", "750 kbit/s", "750 kbit/s", "250ms", "1.5%", kComcast},
    Preset{"comcast-dial-up", "40 kbit/s", "40 kbit/s", "185ms", "2%", kComcast},
    Preset{"comcast-dsl-poor", "2 Mbit/s", "2 Mbit/s", "70ms", "2%", kComcast},
    Preset{"comcast-dsl", "8 Mbit/s", "8 Mbit/s", "40ms", "0.5%", kComcast},
    Preset{"comcast-wifi", "30 Mbit/s", "30 Mbit/s", "40ms", "0.2%", kComcast},
    Preset{"comcast-starlink", "", "", "20ms", "2.5%", kComcast},
    Preset{"chrome-3g", "500 kbit/s", "500 kbit/s", "400ms", "", kChrome},
    Preset{"chrome-slow-4g", "750 kbit/s", "1.6 Mbit/s", "150ms", "", kChrome},
    Preset{"chrome-fast-4g", "1.5 Mbit/s", "9 Mbit/s", "60ms", "", kChrome},
    Preset{.name = "chrome-offline",
           .source =
               "Chrome DevTools, where no request succeeds; with this preset, connects are refused",
           .outage = "refuse"},
    Preset{"lighthouse-slow-4g", "", "1638.4 kbit/s", "150ms", "", kLighthouse},
    Preset{"lighthouse-3g", "", "700 kbit/s", "300ms", "", kLighthouse},
    Preset{"nlc-3g", "330 kbit/s", "780 kbit/s", "200ms", "",
           "Apple Network Link Conditioner, 3G average case, as ipfw scripts copy it"},
    Preset{.name = "nlc-edge",
           .upload = "200 kbit/s",
           .download = "240 kbit/s",
           .source = kConditioner,
           .upload_delay = "440ms",
           .download_delay = "400ms"},
    Preset{.name = "nlc-lte",
           .upload = "10 Mbit/s",
           .download = "50 Mbit/s",
           .source = kConditionerOfProbe,
           .upload_delay = "65ms",
           .download_delay = "50ms"},
    Preset{"nlc-dsl", "256 kbit/s", "2 Mbit/s", "10ms", "", kConditionerOfProbe},
    Preset{"nlc-wifi", "33 Mbit/s", "40 Mbit/s", "2ms", "",
           "Apple Network Link Conditioner; baguette lists the same download and delay"},
    Preset{.name = "nlc-high-latency-dns", .source = kConditioner, .dns_delay = "3s"},
    Preset{"nlc-very-bad", "1 Mbit/s", "1 Mbit/s", "1s", "10%", kConditioner},
    Preset{"nlc-100-loss", "", "", "", "100%", kConditioner},
    Preset{"charles-modem", "23.52 kbit/s", "40.32 kbit/s", "250ms", "",
           "Charles, Throttle Settings: 33.6 and 57.6 kbit/s, of which 70% can be used"},
    Preset{"charles-isdn-256", "256 kbit/s", "256 kbit/s", "40ms", "", kCharles},
    Preset{"charles-isdn-512", "512 kbit/s", "512 kbit/s", "40ms", "", kCharles},
    Preset{"charles-adsl", "512 kbit/s", "2048 kbit/s", "40ms", "", kCharles},
    Preset{"charles-adsl2", "1024 kbit/s", "8192 kbit/s", "40ms", "", kCharles},
    Preset{"charles-adsl2plus", "1024 kbit/s", "16384 kbit/s", "20ms", "", kCharles},
    Preset{"charles-vdsl", "8192 kbit/s", "32768 kbit/s", "20ms", "", kCharles},
    Preset{"charles-fibre-32", "32768 kbit/s", "32768 kbit/s", "4ms", "", kCharles},
    Preset{"charles-fibre-100", "102400 kbit/s", "102400 kbit/s", "4ms", "", kCharles},
    Preset{"charles-3g", "1024 kbit/s", "4096 kbit/s", "120ms", "", kCharles},
    Preset{"charles-4g", "8192 kbit/s", "16384 kbit/s", "80ms", "", kCharles},
    Preset{"very-bad", "1 Mbit/s", "1 Mbit/s", "1s", "10%", "the same as nlc-very-bad"},
};

constexpr std::array kRulePresets{
    RulePreset{"llm-429", R"(match = { method = "POST" }
[fault]
type = "abort"
status = 429
headers = { retry-after = 5, content-type = "application/json" }
body = """{"type":"error","error":{"type":"rate_limit_error",\
          "code":"rate_limit_exceeded","message":"Too many requests"}}"""
retry_after = "punish")",
               "status 429 with Retry-After: 5, and the same again for each request that comes "
               "before the 5 s are over",
               "OpenAI API, Error codes; Anthropic API, Errors (rate_limit_error)"},
    RulePreset{"llm-overloaded", R"(match = { method = "POST" }
[fault]
type = "abort"
status = 529
headers = { retry-after = 5, content-type = "application/json" }
body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
retry_after = "punish")",
               "status 529 with Retry-After: 5, and the same again for each request that comes "
               "before the 5 s are over",
               "Anthropic API, Errors (overloaded_error)"},
    RulePreset{"llm-no-done", R"toml(fault = { type = "cut_stream", close = "end" }
match = { text = ["[DONE]", '~"type": ?"(message_stop|response\.completed)"'] })toml",
               "a stream ends as if complete, without its last event ([DONE], message_stop or "
               "response.completed)",
               "OpenAI API, Streaming; Anthropic API, Streaming messages", true},
    RulePreset{"llm-stall", R"(fault = { type = "half_open", after_messages = 5 }
match = { direction = "downstream" }
per = "connection")",
               "a stream falls silent after five events, and stays open",
               "WHATWG HTML, 9.2.7: servers send comments so that connections are not given up",
               true},
    RulePreset{"llm-slow", R"(fault = { type = "response_rate", rate = "1 KiB/s" }
match = { method = "POST" })",
               "an answer arrives at 1 KiB/s, which is about four events a second",
               "events of OpenAI and Anthropic have 200 to 300 bytes for each token"},
};

std::string figure_text(std::string figure, std::string_view preset, std::string_view source) {
  return std::move(figure) + " by preset " + std::string(preset) + " (" + std::string(source) + ")";
}

Node table(Position where, std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node::Table list;
  for (const auto& [key, node] : members) list.push_back({std::string(key), where, node});
  return Node{std::move(list), where};
}

}  // namespace

std::span<const Preset> all_presets() { return kPresets; }

const Preset* find_preset(std::string_view name) { return find_named(kPresets, name); }

std::vector<PresetPart> expand(const Preset& preset, Position where) {
  const auto text = [&](std::string_view value) { return Node{std::string(value), where}; };
  std::vector<PresetPart> parts;
  const auto add = [&](std::string_view suffix, DirectionChoice direction, Node fault,
                       std::string_view figure, std::string_view what) {
    parts.push_back(
        {std::string(suffix), direction, std::move(fault),
         figure_text(std::string(figure) + std::string(what), preset.name, preset.source)});
  };
  const auto add_delay = [&](std::string_view suffix, DirectionChoice direction,
                             std::string_view delay, std::string_view what) {
    if (delay.empty()) return;
    add(suffix, direction, table(where, {{"type", text("latency")}, {"delay", text(delay)}}), delay,
        what);
  };
  const auto add_rate = [&](std::string_view suffix, DirectionChoice direction,
                            std::string_view rate, std::string_view what) {
    if (rate.empty()) return;
    add(suffix, direction, table(where, {{"type", text("bandwidth")}, {"rate", text(rate)}}), rate,
        what);
  };
  if (!preset.outage.empty()) {
    add("/outage", DirectionChoice::kBoth, table(where, {{"type", text(preset.outage)}}),
        "no network", "");
  }
  if (!preset.round_trip.empty()) {
    add("/latency", DirectionChoice::kBoth,
        table(where, {{"type", text("latency")},
                      {"delay", text(preset.round_trip)},
                      {"round_trip", Node{true, where}}}),
        preset.round_trip, " more of round trip");
  }
  add_delay("/upload-latency", DirectionChoice::kUpstream, preset.upload_delay, " later upstream");
  add_delay("/download-latency", DirectionChoice::kDownstream, preset.download_delay,
            " later downstream");
  add_delay("/dns-latency", DirectionChoice::kBoth, preset.dns_delay, " later DNS answers");
  if (!preset.dns_delay.empty()) parts.back().of_dns = true;
  add_rate("/upload", DirectionChoice::kUpstream, preset.upload, " upstream");
  add_rate("/download", DirectionChoice::kDownstream, preset.download, " downstream");
  if (!preset.loss.empty()) {
    add("/loss", DirectionChoice::kBoth,
        table(where, {{"type", text("loss")}, {"loss", text(preset.loss)}}), preset.loss,
        " of packets lost");
  }
  return parts;
}

std::span<const RulePreset> rule_presets() { return kRulePresets; }

const RulePreset* find_rule_preset(std::string_view name) { return find_named(kRulePresets, name); }

std::string figure_text(const RulePreset& preset) {
  return figure_text(std::string(preset.figure), preset.name, preset.source);
}

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names;
  for (const auto& preset : kPresets) names.push_back(preset.name);
  for (const auto& preset : kRulePresets) names.push_back(preset.name);
  return names;
}

void select_dns(Match& match) {
  if (!match.is_for_dns()) match.dns.qname.push_back(*NamePattern::parse("*"));
}

}  // namespace brownout::rules
