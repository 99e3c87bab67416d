// PostgresWatch measures the response times of a PostgreSQL connection: from a Query, Sync or
// FunctionCall, or from the StartupMessage, until the server is ready for the next query. A request
// fails if the server reports that it could not serve it: SQLSTATE classes 08, 40, 53, 57, 58, XX
// and 55P03. Use as request_watch.h says.
#pragma once

#include <memory>

#include "rules/protocols/codec/request_watch.h"

namespace brownout::messages {

std::unique_ptr<RequestWatch> make_postgres_watch();

}  // namespace brownout::messages
