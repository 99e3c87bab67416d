// Reads and writes the bytes of PostgreSQL's messages: types, names, SQL and the fields of errors
// (PostgreSQL documentation, 55.7 Message Formats). Integers have network byte order. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/postgres/postgres.h"

namespace brownout::codecs {

// Returns the type of a message with this first byte. No value if the byte is not one of the
// protocol, version 3.0.
std::optional<rules::PostgresType> client_postgres_type(char letter);
std::optional<rules::PostgresType> server_postgres_type(char letter);
// Returns the type of a message without a type byte, from the code behind its length. No value if
// the code is unknown.
std::optional<rules::PostgresType> first_postgres_type(std::uint32_t code);

std::uint32_t read_u32(ByteView bytes, std::size_t at);

// The first texts in the body of a client's message, up to their NUL byte. A cut text is complete.
struct PostgresNames {
  char kind = 0;              // for Describe and Close: 'S' (statement) or 'P' (portal)
  std::string portal = {};    // for Bind, Execute, and Describe and Close of a portal
  std::string name = {};      // of the prepared statement
  std::string_view sql = {};  // of Query and Parse
  std::size_t sql_at = 0;     // its offset in the body
};
PostgresNames read_postgres_names(rules::PostgresType type, ByteView body);
// Returns the fields in the body of an ErrorResponse or NoticeResponse.
rules::PostgresError read_postgres_error(ByteView body);

std::string write_postgres_error(const rules::PostgresError& error);
std::string write_postgres_execute(std::string_view portal);
std::string write_postgres_sync();

}  // namespace brownout::codecs
