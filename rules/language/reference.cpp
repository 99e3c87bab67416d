#include "rules/language/reference.h"

#include <array>
#include <utility>
#include <vector>

#include "rules/base/list_text.h"
#include "rules/firewall/firewall.h"
#include "rules/language/config.h"
#include "rules/language/load_toml.h"
#include "rules/language/presets.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {
namespace {

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string field_table(const std::vector<FieldInfo>& fields) {
  if (fields.empty()) return "No keys besides `type`.\n\n";
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const auto& field : fields) {
    const auto type = field.range.empty() ? field.type : field.type + ", " + field.range;
    text += "| `" + field.name + "` | " + escaped(type) + " | " + escaped(field.default_text) +
            " | " + escaped(field.meaning) + " |\n";
  }
  return text + "\n";
}

// Returns the end of "Acts on ...": the kinds of traffic, and when the fault acts on them.
std::string traffic_text(const FaultKind& kind) {
  const auto traffic = carriers_text(kind);
  switch (kind.level) {
    case Level::kListener:
      return traffic + ": it closes the listening port for all clients";
    case Level::kConnection:
      return kind.carries(Carrier::kTls) ? "the " + traffic + " of new connections"
                                         : "new " + traffic + ", before any data";
    case Level::kBytes:
      return traffic + (kind.at_opening
                            ? ", only while a connection is set up"
                            : ", also on connections that are open when the rule starts");
    case Level::kFirewall:
      return traffic +
             ": it changes the lines (`rules`) of a [[firewall]] while the rule is active";
    case Level::kMessage:
      if (kind.on_http2)
        return "connections of HTTP/2, also on connections that are open when the rule starts";
      return traffic + ", which `match` selects one by one";
  }
  return traffic;
}

std::string ramp_text(const FaultKind& kind) {
  return kind.ramp == Ramp::kMagnitude
             ? std::string(kind.ramped)
             : "`probability` of the rule grows from 0% to its value (100% if left out)";
}

// Returns the units for which `probability` is drawn if the rule has per = "chunk".
std::string units_text(const FaultKind& kind) {
  const std::array<std::pair<Carrier, std::string_view>, 5> all{
      {{Carrier::kStream, kind.on_syn ? "SYN" : "chunk (one read of the socket)"},
       {Carrier::kDatagram, "datagram"},
       {Carrier::kDns, "DNS query"},
       {Carrier::kHttp, "HTTP request"},
       {Carrier::kMessage, "message"}}};
  std::vector<std::string_view> units;
  for (const auto& [carrier, unit] : all) {
    if (kind.carries(carrier)) units.push_back(unit);
  }
  return and_text(units);
}

// Says for which units `probability` is drawn, by default (default_per.h) or with per = "chunk".
std::string draws_text(const FaultKind& kind) {
  if (!kind.carries(Carrier::kMessage)) {
    return "`probability` is drawn for each " + units_text(kind) + ", instead of once for each " +
           (kind.carries(Carrier::kDatagram) ? "connection or UDP session" : "connection");
  }
  if (!kind.carries(Carrier::kDatagram)) {
    return "`probability` is drawn for each " + units_text(kind) +
           "; with `per = \"connection\"` it is drawn once for each connection";
  }
  return "`probability` is drawn for each message, HTTP request and DNS query; if the rule also "
         "selects a `udp` listener, it is drawn once for each connection and UDP session, and with "
         "`per = \"chunk\"` for each datagram, too";
}

std::string fault_section(const FaultKind& kind) {
  const auto name = std::string(kind.name);
  std::string text = "### " + name + "\n\n" + std::string(kind.summary) + "\n\n";
  text += field_table(kind.fields());
  const auto add_line = [&text](std::string_view label, std::string_view value) {
    text.append("- ").append(label).append(value).append(".\n");
  };
  add_line("Acts on ", traffic_text(kind));
  if (kind.needs_ca) {
    add_line("Needs ", "a [[listener]] with `tls = { ca = \"...\" }`");
  } else if (kind.terminated) {
    add_line("Needs ", "a [[listener]] with `tls`");
  }
  add_line("Applies to each: ", kind.unit);
  add_line("If several rules act: ", kind.composition);
  if (kind.level != Level::kListener && kind.level != Level::kFirewall) {
    add_line("While `ramp` lasts: ", ramp_text(kind));
  }
  if (kind.per_chunk)
    add_line(kind.carries(Carrier::kMessage) ? "Without `per`: " : "With `per = \"chunk\"`: ",
             draws_text(kind));
  add_line("A correct client ", kind.correct_client);
  add_line("Source: ", kind.source);
  return text + "- Example: [examples/rules/" + name + ".toml](../examples/rules/" + name +
         ".toml)\n\n";
}

std::string delay_of(const Preset& preset) {
  if (!preset.dns_delay.empty()) return "DNS answers " + std::string(preset.dns_delay);
  if (preset.upload_delay.empty()) return std::string(preset.round_trip);
  return std::string(preset.upload_delay) + " up, " + std::string(preset.download_delay) + " down";
}

std::string preset_table() {
  std::string text =
      "| preset | upload | download | round trip | loss | source "
      "|\n|---|---|---|---|---|---|\n";
  const auto cell = [](std::string_view value) {
    return " " + (value.empty() ? std::string("-") : std::string(value)) + " |";
  };
  for (const auto& preset : all_presets()) {
    text += "| `" + std::string(preset.name) + "` |" + cell(preset.upload) + cell(preset.download) +
            cell(delay_of(preset)) + cell(preset.loss) + cell(preset.source) + "\n";
  }
  text +=
      "\nThese presets stand for the keys of one rule, for a listener with `protocol = \"sse\"`. "
      "Other keys of the rule, and other keys of its `match`, may be added.\n\n"
      "| preset | effect | source |\n|---|---|---|\n";
  for (const auto& preset : rule_presets()) {
    text +=
        "| `" + std::string(preset.name) + "` |" + cell(preset.figure) + cell(preset.source) + "\n";
  }
  return text + "\n";
}

constexpr std::string_view kIntroduction = R"(# Rule file reference

Written by `brownout reference` from the declarations that the loader reads; do not edit.

A rule file is TOML. Unknown keys are errors. `brownout check FILE` reports all errors at once;
`brownout explain FILE --listener NAME --client ADDRESS` shows which rules would act.

**Values.** Durations: `"300ms"`, `"1.5 s"`, `"1m30s"` (ns, us, ms, s, m, h). Rates: `"1.5 Mbit/s"`,
`"200 KB/s"` (KB = 1000 B, KiB = 1024 B). Sizes: `"64 KiB"`. Percentages: `"20%"`, or a number from 0 to 1.
Frequencies: `"200/s"`, `"30/m"`. Multiples: `"3x"`.
Addresses: `"127.0.0.1:1883"`, `"[::1]:1883"`, `"host.example:1883"`, `"unix:/path"`. Prefixes: `"10.1.0.0/16"`.
A list with one element may be written without brackets.

**How rules compose.** Every rule that matches acts, in the order of the file: the output of one rule is the input of
the next. So delays add up, the slowest bandwidth wins, and a fault that ends the connection ends it for all rules.
Delays apply to each chunk, one way: a rule without `direction` delays both a request and its reply, so a round trip
is delayed twice (`round_trip = true` splits the delay instead). A chunk is the result of one read of the socket, at
most 256 KiB; on a udp listener it is a datagram. A DNS query and its answer are one exchange: it is delayed once. The
first rule that answers a query, or leaves it without an answer, decides; answers pass through the later rules. The
same holds for HTTP requests: the first rule that answers or drops a request decides, delays add up, and responses
pass through the later rules. On an http or websocket listener, faults on bytes act on the client's connection;
faults on requests and messages act inside it.

**Random draws.** A draw depends only on the seed, the rule's name, the listener's name, the ordinal of the connection
(session, query) and the ordinal of the event. The same seed and the same order of arrival therefore give the same
faults, with any number of workers. Adding, removing or moving a rule does not change the draws of the others, as long
as rules are named. `per = "client"` hashes the client's address, so raising 5% to 20% keeps the first 5% of clients.

**Live changes.** A reload (by SIGHUP, or when the file changes) takes effect at once, on live connections too. A rule
with unchanged text continues undisturbed; a removed rule delivers what it held. Rules with `first`, `after` or
`every` count what they act on from the moment they take effect: requests, queries, messages and datagrams of open
connections and sessions, too, but only those connections and handshakes that come later.

)";

constexpr std::string_view kFirewalls =
    R"(An ordered list of lines: the first line that matches decides, or the policy if no line matches. The firewall is
checked for each server before the connect to it. A dropped connect gets no answer: the kernel has already accepted
the client's connection, which stays open and silent. A rejected connect gets a RST. The next server of the group is
then tried, as after a real time-out or refusal. `brownout firewall import` reads nftables and iptables;
`brownout explain` shows which line decides. The firewall faults (`port_block`, `rule_order`, `wrong_prefix`,
`stale_allowlist` and `no_established`, below) change these lines for as long as their rules are active.

)";

constexpr std::string_view kRehearsals =
    R"(`brownout rehearse FILE` runs a file that also has these tables. Times are scenario time, which runs
`time_scale` times as fast as real time. Only a probe's `timeout`, latencies, and the times in faults (a delay of
300ms, for example) are real time. Exit code 0: all expectations are met, 1: one is not met, 2: the rehearsal could
not begin, 3: no verdict (`stop_if`, Ctrl-C, no steady state, or something was not measured).

)";

constexpr std::string_view kMetrics =
    R"(| metric | meaning | unit |
|---|---|---|
| `availability` | the share of operations that succeeded, at any endpoint | percentage |
| `latency_p50`, `latency_p99` | percentiles of the latency of successful attempts | duration |
| `time_to_detect` | time until the last affected user has a failed attempt | duration |
| `time_to_failover` | time until the last affected user is served by another endpoint | duration |
| `time_to_recover` | time until the operations of the last user succeed for good | duration |
| `messages_lost`, `messages_duplicated`, `messages_reordered` | messages of users that number them | number |
| `lag` | the most messages of a user that its consumer had not read when an operation ended | number |
| `rebalance_time` | the longest time in which a consumer group had fewer partitions than before | duration |
| `rebalance_total` | the sum of such times of a user | duration |
| `reconnect_rate`, `attempt_rate` | the peak over a second of scenario time (100 ms of real time or more) | frequency |
| `share` | the share of operations that `endpoint` served, or of connections that went to `server` | percentage |
| `alert` | time until a webhook of your alerting with that word is received | duration |
| `rule_hits` | faults that the rules in `rule` injected | number |
| `came_back_early` | requests before the end of Retry-After that the rules in `rule` refused | number |

Times count from the start of `phase`; without `phase`, from the start of the first phase with rules
(`time_to_recover`: of the recovery phase). If the event never happens, the expectation is not met. A rebalance counts
in the phase in which it began. Users of `kafka` with a consumer have a lag and rebalances.

Users of `websocket` and of messaging protocols number their messages; those of `sse` read the server's numbers. An
operation of `tcp`, `http` or `grpc` is one message, which is lost if no attempt got through.

)";

}  // namespace

std::string reference_page() {
  std::string text(kIntroduction);
  text += "## The file\n\n" + field_table(document_fields());
  text += "## [[listener]]\n\n" + field_table(listener_schema().fields());
  text += "## [[upstream]]\n\n" + field_table(upstream_schema().fields());
  text += "## framing of a [[listener]]\n\n" + field_table(framing_schema().fields());
  text += "## tls of a [[listener]]\n\n" + field_table(tls_server_schema().fields());
  text += "## tls of an [[upstream]]\n\n" + field_table(tls_client_schema().fields());
  text += "## [[zone]]\n\n" + field_table(zone_schema().fields());
  text += "## [[firewall]]\n\n" + std::string(kFirewalls) +
          field_table(firewall_schema().fields()) + "A line:\n\n" +
          field_table(firewall_line_schema().fields());
  text += "## [[rule]]\n\n" + field_table(rule_fields());
  text += "## match\n\nEach key narrows the match; an absent key matches everything.\n\n" +
          field_table(match_schema().fields());
  text += "## Faults\n\n";
  for (const auto* kind : all_faults()) text += fault_section(*kind);
  text += "## Rehearsals\n\n" + std::string(kRehearsals);
  text += "### [scenario]\n\n" + field_table(scenario_fields()) + "`stop_if`:\n\n" +
          field_table(stop_fields());
  text += "### [[phase]]\n\n" + field_table(phase_fields());
  text += "### [[probe]]\n\n" + field_table(probe_fields());
  text += "### [[expect]]\n\n" + std::string(kMetrics) + field_table(expect_fields());
  text += "### [[region]]\n\n" + field_table(region_fields());
  text += "### [[sector]]\n\n" + field_table(sector_fields());
  text += "### [[webhook]]\n\n" + field_table(webhook_fields());
  text +=
      "## Presets\n\nSources disagree about these networks; each row names the source of its "
      "figures. A dash means that the preset leaves this property unchanged.\n\n";
  return text + preset_table();
}

}  // namespace brownout::rules
