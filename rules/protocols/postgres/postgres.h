// Values of PostgreSQL's frontend/backend protocol, version 3.0, that rules match: the types of
// messages and the fields of errors (PostgreSQL documentation, chapters 55.2, 55.7 and 55.8).
//
// rules/protocols/postgres/codec converts messages from and to the wire format. Pure functions; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class PostgresType : std::uint8_t {
  // Messages of the client.
  kStartup,
  kEncryptionRequest,  // SSLRequest or GSSENCRequest
  kCancelRequest,
  kQuery,
  kParse,
  kBind,
  kDescribe,
  kExecute,
  kSync,
  kClose,
  kFlush,
  kFunctionCall,
  kPassword,
  kCopyFail,
  kTerminate,
  // Messages of both.
  kCopyData,
  kCopyDone,
  // Messages of the server.
  kEncryptionAnswer,
  kAuthentication,
  kParameterStatus,
  kBackendKeyData,
  kNegotiateProtocolVersion,
  kReadyForQuery,
  kRowDescription,
  kDataRow,
  kCommandComplete,
  kEmptyQueryResponse,
  kErrorResponse,
  kNoticeResponse,
  kNotificationResponse,
  kParseComplete,
  kBindComplete,
  kCloseComplete,
  kParameterDescription,
  kNoData,
  kPortalSuspended,
  kFunctionCallResponse,
  kCopyInResponse,
  kCopyOutResponse,
  kCopyBothResponse,
};

// The fields of an ErrorResponse or NoticeResponse.
struct PostgresError {
  std::string sqlstate = {};  // five characters, such as "40P01"
  std::string text = {};
  std::string severity = "ERROR";  // "ERROR", "FATAL", "NOTICE" ...
};
// Returns the error of a server that refuses a statement or a connection. `text` may be empty.
PostgresError postgres_refusal(std::string_view sqlstate, std::string_view text);
// Whether a server closes the connection after an error with this SQLSTATE.
bool ends_postgres_session(std::string_view sqlstate);

// An SQLSTATE, or its class: the first two characters.
struct SqlstatePattern {
  std::string text;
};
template <>
struct ValueKind<SqlstatePattern> {
  static std::string name() { return "SQLSTATE or its class"; }
  static Result<SqlstatePattern> read(const Node& node);
  static std::string print(const SqlstatePattern& value) { return in_quotes(value.text); }
};
struct Sqlstate {
  std::string text;
};
template <>
struct ValueKind<Sqlstate> {
  static std::string name() { return "SQLSTATE"; }
  static Result<Sqlstate> read(const Node& node);
  static std::string print(const Sqlstate& value) { return in_quotes(value.text); }
};

template <>
struct EnumNames<PostgresType> {
  static constexpr std::array kValues{
      std::pair<std::string_view, PostgresType>{"startup", PostgresType::kStartup},
      std::pair<std::string_view, PostgresType>{"encryption_request",
                                                PostgresType::kEncryptionRequest},
      std::pair<std::string_view, PostgresType>{"cancel_request", PostgresType::kCancelRequest},
      std::pair<std::string_view, PostgresType>{"query", PostgresType::kQuery},
      std::pair<std::string_view, PostgresType>{"parse", PostgresType::kParse},
      std::pair<std::string_view, PostgresType>{"bind", PostgresType::kBind},
      std::pair<std::string_view, PostgresType>{"describe", PostgresType::kDescribe},
      std::pair<std::string_view, PostgresType>{"execute", PostgresType::kExecute},
      std::pair<std::string_view, PostgresType>{"sync", PostgresType::kSync},
      std::pair<std::string_view, PostgresType>{"close", PostgresType::kClose},
      std::pair<std::string_view, PostgresType>{"flush", PostgresType::kFlush},
      std::pair<std::string_view, PostgresType>{"function_call", PostgresType::kFunctionCall},
      std::pair<std::string_view, PostgresType>{"password", PostgresType::kPassword},
      std::pair<std::string_view, PostgresType>{"copy_fail", PostgresType::kCopyFail},
      std::pair<std::string_view, PostgresType>{"terminate", PostgresType::kTerminate},
      std::pair<std::string_view, PostgresType>{"copy_data", PostgresType::kCopyData},
      std::pair<std::string_view, PostgresType>{"copy_done", PostgresType::kCopyDone},
      std::pair<std::string_view, PostgresType>{"encryption_answer",
                                                PostgresType::kEncryptionAnswer},
      std::pair<std::string_view, PostgresType>{"authentication", PostgresType::kAuthentication},
      std::pair<std::string_view, PostgresType>{"parameter_status", PostgresType::kParameterStatus},
      std::pair<std::string_view, PostgresType>{"backend_key_data", PostgresType::kBackendKeyData},
      std::pair<std::string_view, PostgresType>{"negotiate_protocol_version",
                                                PostgresType::kNegotiateProtocolVersion},
      std::pair<std::string_view, PostgresType>{"ready_for_query", PostgresType::kReadyForQuery},
      std::pair<std::string_view, PostgresType>{"row_description", PostgresType::kRowDescription},
      std::pair<std::string_view, PostgresType>{"data_row", PostgresType::kDataRow},
      std::pair<std::string_view, PostgresType>{"command_complete", PostgresType::kCommandComplete},
      std::pair<std::string_view, PostgresType>{"empty_query_response",
                                                PostgresType::kEmptyQueryResponse},
      std::pair<std::string_view, PostgresType>{"error_response", PostgresType::kErrorResponse},
      std::pair<std::string_view, PostgresType>{"notice_response", PostgresType::kNoticeResponse},
      std::pair<std::string_view, PostgresType>{"notification_response",
                                                PostgresType::kNotificationResponse},
      std::pair<std::string_view, PostgresType>{"parse_complete", PostgresType::kParseComplete},
      std::pair<std::string_view, PostgresType>{"bind_complete", PostgresType::kBindComplete},
      std::pair<std::string_view, PostgresType>{"close_complete", PostgresType::kCloseComplete},
      std::pair<std::string_view, PostgresType>{"parameter_description",
                                                PostgresType::kParameterDescription},
      std::pair<std::string_view, PostgresType>{"no_data", PostgresType::kNoData},
      std::pair<std::string_view, PostgresType>{"portal_suspended", PostgresType::kPortalSuspended},
      std::pair<std::string_view, PostgresType>{"function_call_response",
                                                PostgresType::kFunctionCallResponse},
      std::pair<std::string_view, PostgresType>{"copy_in_response", PostgresType::kCopyInResponse},
      std::pair<std::string_view, PostgresType>{"copy_out_response",
                                                PostgresType::kCopyOutResponse},
      std::pair<std::string_view, PostgresType>{"copy_both_response",
                                                PostgresType::kCopyBothResponse}};
};

}  // namespace brownout::rules
