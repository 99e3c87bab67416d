// Http2Error: the error codes of HTTP/2 (RFC 9113, 7), with their names in rule files. Plain
// values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class Http2Error : std::uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kSettingsTimeout = 0x4,
  kStreamClosed = 0x5,
  kFrameSizeError = 0x6,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kCompressionError = 0x9,
  kConnectError = 0xa,
  kEnhanceYourCalm = 0xb,
  kInadequateSecurity = 0xc,
  kHttp11Required = 0xd,
};

template <>
struct EnumNames<Http2Error> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, Http2Error>>(
      {{"NO_ERROR", Http2Error::kNoError},
       {"PROTOCOL_ERROR", Http2Error::kProtocolError},
       {"INTERNAL_ERROR", Http2Error::kInternalError},
       {"FLOW_CONTROL_ERROR", Http2Error::kFlowControlError},
       {"SETTINGS_TIMEOUT", Http2Error::kSettingsTimeout},
       {"STREAM_CLOSED", Http2Error::kStreamClosed},
       {"FRAME_SIZE_ERROR", Http2Error::kFrameSizeError},
       {"REFUSED_STREAM", Http2Error::kRefusedStream},
       {"CANCEL", Http2Error::kCancel},
       {"COMPRESSION_ERROR", Http2Error::kCompressionError},
       {"CONNECT_ERROR", Http2Error::kConnectError},
       {"ENHANCE_YOUR_CALM", Http2Error::kEnhanceYourCalm},
       {"INADEQUATE_SECURITY", Http2Error::kInadequateSecurity},
       {"HTTP_1_1_REQUIRED", Http2Error::kHttp11Required}});
};

}  // namespace brownout::rules
