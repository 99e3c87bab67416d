// The one table of faults. Adding a fault is one file pair in faults/ and one line here.
#include <algorithm>
#include <array>

#include "rules/fault.h"
#include "rules/faults/bandwidth.h"
#include "rules/faults/connect_delay.h"
#include "rules/faults/connection_limit.h"
#include "rules/faults/corrupt.h"
#include "rules/faults/down.h"
#include "rules/faults/latency.h"
#include "rules/faults/limit_data.h"
#include "rules/faults/limit_time.h"
#include "rules/faults/loss.h"
#include "rules/faults/packet_loss.h"
#include "rules/faults/refuse.h"
#include "rules/faults/reset.h"
#include "rules/faults/slicer.h"
#include "rules/faults/slow_accept.h"
#include "rules/faults/slow_close.h"
#include "rules/faults/timeout.h"
#include "rules/faults/unplug.h"

namespace brownout::rules {
namespace {

constexpr std::array<const FaultKind*, 17> kAll{
    &kLatency,   &kBandwidth, &kLoss,       &kSlicer,     //
    &kTimeout,   &kUnplug,    &kReset,      &kSlowClose,  //
    &kLimitData, &kLimitTime, &kPacketLoss, &kCorrupt,    //
    &kDown,      &kRefuse,    &kSlowAccept, &kConnectDelay, &kConnectionLimit,
};

struct NotForStreams {
  std::string_view name;
  std::string_view why;
};

constexpr std::array<NotForStreams, 3> kNotForStreams{{
    {"reorder",
     "TCP delivers a stream in order, so a client could never see it; what reordering does to a "
     "TCP "
     "connection is delay: use \"latency\" with jitter, or \"loss\""},
    {"duplicate",
     "TCP removes duplicates, so a client could never see them; to alter the bytes use "
     "\"corrupt\""},
    {"drop",
     "TCP sends lost packets again: use \"loss\" for the stall, \"packet_loss\" to cut chunks out "
     "of "
     "the stream, \"timeout\" to swallow all of it"},
}};

}  // namespace

std::span<const FaultKind* const> all_faults() { return kAll; }

const FaultKind* find_fault(std::string_view name) {
  const auto* found = std::find_if(kAll.begin(), kAll.end(),
                                   [&](const FaultKind* kind) { return kind->name == name; });
  return found == kAll.end() ? nullptr : *found;
}

std::string_view why_not_for_streams(std::string_view name) {
  for (const auto& one : kNotForStreams) {
    if (one.name == name) return one.why;
  }
  return {};
}

}  // namespace brownout::rules
