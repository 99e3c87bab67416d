// Tests how the environment variables of OpenTelemetry are read.
#include "proxy/observe/otlp_settings.h"

#include <gtest/gtest.h>

#include <map>

#include "proxy/observe/otlp_exporter.h"

namespace brownout::proxy {
namespace {

OtlpSettings settings_with(const std::map<std::string, std::string>& environment) {
  const auto settings = otlp_settings("http://127.0.0.1:4318/", {{"service.name", "brownout"}},
                                      [&](const char* name) {
                                        const auto found = environment.find(name);
                                        return found != environment.end() ? found->second : "";
                                      });
  EXPECT_TRUE(settings);
  return settings.value_or(OtlpSettings());
}

TEST(OtlpHeaders, AreNamesAndPercentEncodedValues) {
  const auto headers = otlp_headers("authorization=Bearer%20x, api-key = k,empty=,");
  EXPECT_EQ(headers.lines,
            (std::vector<std::string>{"authorization: Bearer x", "api-key: k", "empty: "}));
  EXPECT_TRUE(headers.malformed.empty());
}

TEST(OtlpHeaders, MalformedPairsAreLeftOutAndNumbered) {
  const auto headers = otlp_headers("a=1%0d%0aevil: 2,=3,plain,good=1,two words=1,,");
  EXPECT_EQ(headers.lines, std::vector<std::string>{"good: 1"});
  EXPECT_EQ(headers.malformed, (std::vector<std::size_t>{1, 2, 3, 5}));
}

TEST(OtlpUrl, IsTheBaseToWhichPathsAreAdded) {
  for (const auto* signal : {"/v1/traces", "/v1/metrics/", "/v1/logs"}) {
    const auto started = OtlpExporter::start("http://127.0.0.1:4318" + std::string(signal), "1");
    ASSERT_FALSE(started) << signal;
    EXPECT_TRUE(started.error().hint.ends_with(": http://127.0.0.1:4318")) << started.error().hint;
  }
}

TEST(OtlpSettings, HaveTheDefaultsOfTheSpecification) {
  const auto settings = settings_with({});
  EXPECT_EQ(settings.url, "http://127.0.0.1:4318");
  EXPECT_EQ(settings.timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings.ca_file, "");
  EXPECT_EQ(settings.attributes, (OtlpAttributes{{"service.name", "brownout"}}));
  EXPECT_TRUE(settings.warnings.empty());
}

TEST(OtlpSettings, AWrongTimeoutIsToldAndNotUsed) {
  EXPECT_EQ(settings_with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "250"}}).timeout,
            std::chrono::milliseconds(250));
  for (const auto* wrong : {"0", "-1", "10s", "1e3", "600001", "99999999999999999999"}) {
    const auto settings = settings_with({{"OTEL_EXPORTER_OTLP_TIMEOUT", wrong}});
    EXPECT_EQ(settings.timeout, std::chrono::seconds(10)) << wrong;
    EXPECT_EQ(settings.warnings.size(), 1U) << wrong;
  }
}

TEST(OtlpSettings, TheFileOfCasForExportersTakesPrecedence) {
  EXPECT_EQ(settings_with({{"SSL_CERT_FILE", "all.pem"}}).ca_file, "all.pem");
  EXPECT_EQ(
      settings_with({{"SSL_CERT_FILE", "all.pem"}, {"OTEL_EXPORTER_OTLP_CERTIFICATE", "otlp.pem"}})
          .ca_file,
      "otlp.pem");
}

TEST(OtlpSettings, AttributesOfTheResourceAreReplacedAndAdded) {
  EXPECT_EQ(
      settings_with({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a, zone = x%2Cy ,e="}}).attributes,
      (OtlpAttributes{{"service.name", "a"}, {"zone", "x,y"}, {"e", ""}}));
  EXPECT_EQ(
      settings_with({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a"}, {"OTEL_SERVICE_NAME", "b"}})
          .attributes,
      (OtlpAttributes{{"service.name", "b"}}));
  const auto wrong = settings_with({{"OTEL_RESOURCE_ATTRIBUTES", "zone=x,s3cret"}});
  EXPECT_EQ(wrong.attributes, (OtlpAttributes{{"service.name", "brownout"}}));
  EXPECT_EQ(wrong.warnings,
            std::vector<std::string>{
                "OTEL_RESOURCE_ATTRIBUTES is ignored: pair 2 is not of the form NAME=VALUE"});
}

}  // namespace
}  // namespace brownout::proxy
