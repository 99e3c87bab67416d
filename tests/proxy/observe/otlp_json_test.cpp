// Tests that fields, types and encodings of OTLP requests are as the OpenTelemetry protocol
// specifies.
#include "proxy/observe/otlp_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace brownout::proxy {
namespace {

using Json = nlohmann::json;

const OtlpSource kOtlpTestSource{
    .attributes = {{"service.name", "staging"}, {"service.version", "1.2"}},
    .version = "1.2",
    .run = 0xabc};

Json spans_of(const std::string& lines) {
  const auto request = Json::parse(otlp_traces(lines, kOtlpTestSource));
  return request.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans");
}

std::string attribute(const Json& of, const std::string& key) {
  for (const auto& each : of.at("attributes")) {
    if (each.at("key") == key) return each.at("value").dump();
  }
  return "none";
}

constexpr const char* kDelayEvent =
    R"({"time":"2026-11-24T20:15:03.120481Z","seed":7,"rule":"slow","fault":"latency","listener":"chat","flow":3,)"
    R"("client":"10.1.2.3","method":"GET","status":503,"action":"delay","delay_ms":312.4,"ordinal":17})";

TEST(OtlpJson, AnEventIsASpanOfTheDelayWithItsMembersAsAttributes) {
  const auto span = spans_of(kDelayEvent).at(0);
  EXPECT_EQ(span.at("name"), "latency delay");
  EXPECT_EQ(span.at("startTimeUnixNano"), "1795551303120481000");
  EXPECT_EQ(span.at("endTimeUnixNano"), "1795551303432881000");
  EXPECT_EQ(span.at("traceId").get<std::string>().size(), 32U);
  EXPECT_EQ(span.at("spanId").get<std::string>().size(), 16U);
  EXPECT_FALSE(span.contains("parentSpanId"));
  EXPECT_EQ(attribute(span, "brownout.rule"), R"({"stringValue":"slow"})");
  EXPECT_EQ(attribute(span, "brownout.flow"), R"({"intValue":"3"})");
  EXPECT_EQ(attribute(span, "brownout.delay_ms"), R"({"doubleValue":312.4})");
  EXPECT_EQ(attribute(span, "client.address"), R"({"stringValue":"10.1.2.3"})");
  EXPECT_EQ(attribute(span, "http.request.method"), R"({"stringValue":"GET"})");
  EXPECT_EQ(attribute(span, "http.response.status_code"), R"({"intValue":"503"})");
}

TEST(OtlpJson, TheResourceNamesTheService) {
  const auto request = Json::parse(otlp_traces(kDelayEvent, kOtlpTestSource));
  const auto resource = request.at("resourceSpans").at(0).at("resource");
  EXPECT_EQ(attribute(resource, "service.name"), R"({"stringValue":"staging"})");
  EXPECT_EQ(attribute(resource, "service.version"), R"({"stringValue":"1.2"})");
}

TEST(OtlpJson, EventsOfOneFlowShareATrace) {
  const auto event = [](int flow, int ordinal) {
    return R"({"time":"2026-11-24T20:15:03Z","fault":"drop","action":"drop","listener":"a","flow":)" +
           std::to_string(flow) + R"(,"ordinal":)" + std::to_string(ordinal) + "}\n";
  };
  const auto spans = spans_of(event(1, 1) + event(1, 2) + event(2, 1));
  EXPECT_EQ(spans.at(0).at("traceId"), spans.at(1).at("traceId"));
  EXPECT_NE(spans.at(0).at("spanId"), spans.at(1).at("spanId"));
  EXPECT_NE(spans.at(0).at("traceId"), spans.at(2).at("traceId"));
}

TEST(OtlpJson, ASpanJoinsTheTraceOfTheRequest) {
  const auto span_with = [](const std::string& member) {
    return spans_of(R"({"time":"2026-11-24T20:15:03Z","fault":"abort","action":"answer",)" +
                    member + "}")
        .at(0);
  };
  const auto parent =
      span_with(R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")");
  EXPECT_EQ(parent.at("traceId"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(parent.at("parentSpanId"), "b7ad6b7169203331");
  const auto later =
      span_with(R"("traceparent":"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")");
  EXPECT_EQ(later.at("parentSpanId"), "b7ad6b7169203331");
  const auto b3 = span_with(R"("b3":"8448eb211c80319c-b7ad6b7169203331-1")");
  EXPECT_EQ(b3.at("traceId"), "00000000000000008448eb211c80319c");
  EXPECT_EQ(b3.at("parentSpanId"), "b7ad6b7169203331");
  for (const auto* broken :
       {R"("traceparent":"00-00000000000000000000000000000000-b7ad6b7169203331-01")",
        R"("traceparent":"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")",
        R"("traceparent":"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")",
        R"("traceparent":"0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")",
        R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g")",
        R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")",
        R"("traceparent":"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more")",
        R"("traceparent":"00-")", R"("b3":"0")", R"("b3":"8448-b7ad6b7169203331")",
        R"("traceparent":17)"}) {
    EXPECT_FALSE(span_with(broken).contains("parentSpanId")) << broken;
  }
}

TEST(OtlpJson, ARefusalIsAnErrorWithItsReason) {
  const auto span = spans_of(R"({"time":"2026-11-24T20:15:03Z","event":"no server","listener":"a",)"
                             R"("flow":1,"why":"connection refused"})")
                        .at(0);
  EXPECT_EQ(span.at("name"), "no server");
  EXPECT_EQ(span.at("status"), Json({{"code", 2}, {"message", "connection refused"}}));
}

TEST(OtlpJson, LinesThatAreNoEventsAreLeftOut) {
  EXPECT_EQ(otlp_traces("", kOtlpTestSource), "");
  EXPECT_EQ(otlp_traces("{}\nnull\n[1]\n{\"time\":\"soon\"}\n{\"time\":", kOtlpTestSource), "");
  EXPECT_EQ(spans_of("x\n" + std::string(kDelayEvent) + "\n\n").size(), 1U);
}

TEST(OtlpJson, TimesAreParsedOrZero) {
  EXPECT_EQ(unix_nanoseconds("1970-01-01T00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(unix_nanoseconds("2024-02-29T00:00:00.5Z"), 1'709'164'800'500'000'000);
  for (const auto* wrong :
       {"", "2024-02-30T00:00:00Z", "2024-02-29 00:00:00Z", "2024-02-29T00:00:00",
        "99999-01-01T00:00:00Z", "2024-02-29T00:00:00.Z", "2024-02-29T0a:00:00Z"}) {
    EXPECT_EQ(unix_nanoseconds(wrong), 0) << wrong;
  }
}

}  // namespace
}  // namespace brownout::proxy
