// Tests that the exporter's memory is bounded, and that lost events are counted.
#include "proxy/observe/otlp_exporter.h"

#include <gtest/gtest.h>

namespace brownout::proxy {
namespace {

TEST(OtlpExporter, EventsBeyondItsBoundAreCountedAsLost) {
  const std::string event = R"({"time":"2026-11-24T20:15:03Z","event":"no server"})"
                            "\n";
  std::string lines;
  while (lines.size() < OtlpExporter::kMostWaiting / 2) lines += event;
  std::shared_ptr<const OtlpExporter::Counter> lost;
  {
    // Nothing listens on this port.
    auto exporter = OtlpExporter::start("http://127.0.0.1:1", "1");
    ASSERT_TRUE(exporter);
    lost = (*exporter)->lost();
    for (int i = 0; i < 3; ++i) (*exporter)->submit(lines);
    // The exporter has lost others too if its thread was faster.
    EXPECT_GE(lost->load(), lines.size() / event.size());
  }
  EXPECT_EQ(lost->load(), 3 * lines.size() / event.size());
}

}  // namespace
}  // namespace brownout::proxy
