// GrpcChannel: makes the gRPC calls of one synthetic user, over an HTTP/2 connection with or
// without TLS. It opens a new connection when the previous one accepts no more calls, as the
// channel of a gRPC client library does.
//
// Calls block until their deadline; use only on the user's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proxy/rehearsal/user_link.h"
#include "rules/protocols/grpc/codec/grpc_connection.h"
#include "rules/protocols/grpc/grpc_user.h"

namespace brownout::rehearsal {

class GrpcChannel {
 public:
  // `user` is borrowed and must outlive the object.
  GrpcChannel(const ClientSettings& settings, const rules::GrpcUser& user);

  void close();
  // Begins a call, which must end by `call_deadline`. If there is no connection, opens one, which
  // must succeed by `deadline`, and adds 1 to `connects`. `attempts` is the number of earlier
  // attempts of the call. Returns the reason of a failure; "" after success.
  std::string start(const Target& target, Instant deadline, Instant call_deadline,
                    std::int64_t attempts, std::uint32_t& connects);
  // Sends and receives until done() is true, `until` has come, the connection is lost, or the user
  // is stopped. Does nothing without a connection.
  void run(Instant until, const std::function<bool()>& done);
  bool is_open() const { return connection_ != nullptr; }
  // Whether a call is open.
  bool has_call() const { return connection_ && connection_->has_call(); }
  void cancel();
  // Returns the next received message; nothing if all have been returned.
  std::optional<std::string> next_message();
  // Returns how the last call ended; null while it is open.
  const messages::GrpcConnection::Result* result() const;

 private:
  std::string open(const Target& target, Instant deadline);
  bool flush(Instant until);
  void receive();
  void lost(const std::string& why);

  const ClientSettings settings_;
  const rules::GrpcUser& user_;
  UserLink link_;
  std::unique_ptr<messages::GrpcConnection> connection_;
  std::string scheme_;
  std::string authority_;
  // Factor of the keepalive interval, doubled whenever the server complains of too many PINGs.
  std::int64_t ping_factor_ = 1;
};

}  // namespace brownout::rehearsal
