// GrpcChannel: the connection of a synthetic user of the kind grpc to a server, with or without
// TLS. It opens a new connection when the one before takes no calls any more, as the channel of a
// gRPC client does.
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
  // Begins a call; its deadline is `call_deadline`. Opens a connection before `deadline` if need
  // be, and counts it in `connects`. `attempts` is the number of earlier attempts of the call.
  // Returns why no call began; "" after success.
  std::string start(const Target& target, Instant deadline, Instant call_deadline,
                    std::int64_t attempts, std::uint32_t& connects);
  // Exchanges bytes with the server until done() is true, the time comes, the connection is lost,
  // or the user gives up. Does nothing without a connection.
  void run(Instant until, const std::function<bool()>& done);
  bool is_open() const { return connection_ != nullptr; }
  // Whether a call is open.
  bool has_call() const { return connection_ && connection_->has_call(); }
  void cancel();
  // Removes and returns the oldest message that was not returned yet.
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
  // Factor of the keepalive interval, doubled whenever the server asks for fewer PINGs.
  std::int64_t ping_factor_ = 1;
};

}  // namespace brownout::rehearsal
