#include "rules/language/reference.h"

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
  if (fields.empty()) return "No keys but `type`.\n\n";
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const auto& field : fields) {
    const auto type = field.range.empty() ? field.type : field.type + ", " + field.range;
    text += "| `" + field.name + "` | " + escaped(type) + " | " + escaped(field.default_text) +
            " | " + escaped(field.meaning) + " |\n";
  }
  return text + "\n";
}

std::string_view level_text(Level level) {
  switch (level) {
    case Level::kListener:
      return "the listening port";
    case Level::kConnection:
      return "a new connection, before a byte flows";
    case Level::kBytes:
      return "the bytes of a connection or the datagrams of a session, live ones too";
    case Level::kFirewall:
      return "the list of a [[firewall]], from the beginning to the end of its schedule";
    case Level::kMessage:
      return "each message for itself: a query and its answer, a request and its response";
  }
  return "";
}

std::string fault_section(const FaultKind& kind) {
  const auto name = std::string(kind.name);
  std::string text = "### " + name + "\n\n" + std::string(kind.summary) + "\n\n";
  text += field_table(kind.fields());
  text += "- Acts on: " + std::string(level_text(kind.level)) + "; " + carriers_text(kind) + ".\n";
  text += "- Magnitude is per: " + std::string(kind.magnitude) + ".\n";
  text += "- Composed: " + std::string(kind.composition) + ".\n";
  if (kind.level != Level::kListener && kind.level != Level::kFirewall) {
    text += "- `ramp` scales its " +
            std::string(kind.ramp == Ramp::kMagnitude ? "magnitude" : "probability") + ".\n";
  }
  if (kind.per_chunk) text += "- May be drawn `per = \"chunk\"`.\n";
  if (!kind.source.empty()) text += "- Source: " + std::string(kind.source) + ".\n";
  return text + "- Example: [examples/rules/" + name + ".toml](../examples/rules/" + name +
         ".toml)\n\n";
}

std::string preset_table() {
  std::string text =
      "| preset | upload | download | round trip | loss | figures of "
      "|\n|---|---|---|---|---|---|\n";
  const auto cell = [](std::string_view value) {
    return " " + (value.empty() ? std::string("-") : std::string(value)) + " |";
  };
  for (const auto& preset : all_presets()) {
    text += "| `" + std::string(preset.name) + "` |" + cell(preset.upload) + cell(preset.download) +
            cell(preset.round_trip) + cell(preset.loss) + cell(preset.source) + "\n";
  }
  return text + "\n";
}

constexpr std::string_view kIntroduction = R"(# Rule file reference

Written by `brownout reference` from the declarations that the loader reads; do not edit.

A rule file is TOML. Unknown keys are errors. `brownout check FILE` finds every mistake in one go;
`brownout explain FILE --listener NAME --client ADDRESS` says which rules would act.

**Values.** Durations: `"300ms"`, `"1.5 s"`, `"1m30s"` (ns, us, ms, s, m, h). Rates: `"1.5 Mbit/s"`,
`"200 KB/s"` (KB = 1000 B, KiB = 1024 B). Sizes: `"64 KiB"`. Percentages: `"20%"`, or a number from 0 to 1.
Frequencies: `"200/s"`, `"30/m"`. Multiples: `"3x"`.
Addresses: `"127.0.0.1:1883"`, `"[::1]:1883"`, `"host.example:1883"`, `"unix:/path"`. Prefixes: `"10.1.0.0/16"`.
A list with one element may be written without brackets.

**How rules compose.** Every rule that matches acts, in the order of the file: what one lets through is what the
next one gets. So delays add up, the slowest bandwidth wins, and a fault that ends the connection ends it for all.
Delays are for each chunk, one way: a rule without `direction` delays a request and its reply, so that a round trip
feels it twice (`round_trip = true` splits it instead). A chunk is what one read of the socket gave, at most 256 KiB;
on a udp listener it is a datagram. A DNS query and its answer are one exchange: a delay is felt once, the first rule
that answers a query (or keeps silent) decides, and answers pass through the rules behind it. HTTP requests are treated
alike: the first rule that answers one or drops it decides, delays add up, and responses pass through the rules behind.
On an http or websocket listener, faults of bytes act on the client's connection; those of requests and messages inside.

**Dice.** A draw is a function of seed, rule name, listener name, ordinal of the connection (session, query) and event
ordinal, and of nothing else: the same seed and the same order of arrival give the same faults, with any number of
workers. Rules added, removed or moved do not change what the others draw, as long as rules are named.
`per = "client"` hashes the client's address, so that raising 5% to 20% keeps the first 5% in.

**Live changes.** A reload (SIGHUP, or the file changes) takes effect at once, on live connections too. A rule whose
text did not change goes on undisturbed; a rule that went away gives back what it held. Rules with `first`, `after`
or `every` count connections that arrive after they took effect.

)";

constexpr std::string_view kFirewalls =
    R"(An ordered list; the first line that matches decides, else the policy. It is asked about each server that is
dialled, before it is dialled: what is dropped gets no answer (the client's connect itself is answered by the kernel,
so the connection stays open and silent), what is rejected gets a RST. A group's next server is tried as after a real
time-out or refusal. `brownout firewall import` reads nftables and iptables; `brownout explain` says which line
decides; the faults of a firewall's list (`rule_order` and others, below) are mistakes made in it for a while.

)";

constexpr std::string_view kRehearsals =
    R"(`brownout rehearse FILE` runs a file that has these tables too. Times are those of the scenario, which passes
`time_scale` times as fast; only a probe's `timeout` and latencies are real, and what faults do (a delay of 300ms is
one). Exit code 0: all expectations met, 1: one is not, 2: it could not begin, 3: no verdict (`stop_if`, Ctrl-C, broken
before it began, or something was not measured).

)";

constexpr std::string_view kMetrics =
    R"(| metric | what it is | unit |
|---|---|---|
| `availability` | the share of operations that succeeded, whatever endpoint served them | percentage |
| `latency_p50`, `latency_p99` | of the successful attempts | duration |
| `time_to_detect` | until the last user who noticed had a failed attempt | duration |
| `time_to_failover` | until the last user who noticed was served by another endpoint | duration |
| `time_to_recover` | until the last user's operations succeed for good | duration |
| `messages_lost`, `messages_duplicated`, `messages_reordered` | of numbered messages there and back | number |
| `reconnect_rate`, `attempt_rate` | the most in a second of the scenario (over 100 ms at least) | frequency |
| `share` | of operations that `endpoint` served, or of connections that `server` got | percentage |
| `alert` | until a webhook of your alerting with that word was received | duration |

Times count from the beginning of the phase; without one from the first phase with rules (`time_to_recover`: from the
recovery phase). A time that never came is not met.

Users of `websocket` and of messaging protocols number their messages. An operation of `tcp` or `http` is one message,
which is lost if no attempt got through.

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
  text += "## match\n\nA match only narrows: an absent key matches all.\n\n" +
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
      "## Presets\n\nSources disagree about what these networks are; each row says whose figures "
      "it has.\n\n";
  return text + preset_table();
}

}  // namespace brownout::rules
