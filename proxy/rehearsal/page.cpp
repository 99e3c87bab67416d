#include "proxy/rehearsal/page.h"

#include "proxy/rehearsal/markup.h"

namespace brownout::rehearsal {
namespace {

// Text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3). A printed page is always light.
constexpr std::string_view kPageStyle = R"(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #596273; --line: #d7dce4; --paper: #fff; --good: #157a3e;
  --bad: #c8332b; --phase: #eef1f6; --blue: #2b63c6; --amber: #9a5800; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #98a2b3; --line: #39424f;
  --paper: #12161c; --good: #45c47d; --bad: #ff7468; --phase: #1d232c; --blue: #7aa7ff; --amber: #f0a83c; } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1120px; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h1, p { overflow-wrap: anywhere }
#summary { font-size: 1.05rem; margin: .3rem 0 1rem }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem } nav a { color: var(--blue); padding: .3rem 0 }
.soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) }
.word { font-weight: 600; white-space: nowrap } .number { text-align: right; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem } td, th { text-align: left;
  padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
thead th { color: var(--soft) } tbody th { font-weight: 600 }
svg { width: 100%; height: auto; display: block } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
#time-line svg { min-width: 680px } .histogram { max-width: 200px; min-width: 9rem } .histogram text { font-size: 11px }
svg .soft { fill: var(--soft) } svg .band { fill: var(--phase) } svg .grid { stroke: var(--line) }
svg .ok { fill: var(--good) } svg .failed { fill: var(--bad) }
svg .line { fill: none; stroke: var(--blue); stroke-width: 1.5 } svg .p99 { stroke: var(--amber) }
svg .p50-key { fill: var(--blue) } svg .p99-key { fill: var(--amber) } svg .count { fill: var(--blue) }
svg .fault { fill: var(--bad); opacity: .75 } svg .mark { stroke: var(--ink); stroke-dasharray: 3 2 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--phase); padding: 1rem; font-size: 12px }
:focus-visible { outline: 3px solid var(--blue) }
@media screen and (max-width: 40rem) { body { margin: 1rem auto } td, th { padding: .35rem .4rem }
  #expectations thead { display: none } #expectations :is(table, tbody, tr, td) { display: block }
  #expectations td { border: 0; padding: .1rem 0 } #expectations tr { border-bottom: 1px solid var(--line);
  padding: .6rem 0 } }
@page { margin: 12mm }
@media print { body { font-size: 11px; margin: 0; max-width: none; padding: 0 } nav { display: none }
  .scroll { overflow: visible } #time-line svg { min-width: 0 } .histogram { min-width: 110px }
  td, th { padding: .2rem .3rem } h2 { break-after: avoid } tr, svg { break-inside: avoid }
  rect { print-color-adjust: exact } }
)";

}  // namespace

std::string page_of(std::string_view title, const std::string& content) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
         escaped(title) + "</title><style>" + std::string(kPageStyle) + "</style></head><body>\n" +
         content + "</body></html>\n";
}

}  // namespace brownout::rehearsal
