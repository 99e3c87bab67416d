// ClientConnection handles the HTTP/2 connection of a client, as Conversation does for HTTP/1. Each
// of its streams has an Exchange, which applies the faults of the rules, and its own connection or
// stream to a server.
//
// No I/O and no clock: the caller passes received bytes and the time. It calls the interface Wire
// to send bytes and to open and close connections to servers. Owned by the connection that it
// serves; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/engine/http2_fault.h"
#include "rules/protocols/http/codec/client_side.h"
#include "rules/protocols/http2/codec/client_stream.h"
#include "rules/protocols/http2/codec/session.h"
#include "rules/protocols/http2/codec/stream_table.h"

namespace brownout::http2 {

// The bytes with which an HTTP/2 client begins (RFC 9113, 3.4).
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class ClientConnection final : public http::ClientSide, private Session::Owner {
 public:
  // Implementations must not call back into the ClientConnection or a stream, except that
  // ask_for_server() may call the stream's server_ready().
  class Wire {
   public:
    virtual ~Wire() = default;
    // `bytes` are valid during the call only.
    virtual void to_client(ByteView bytes) = 0;
    // Whether the client's socket accepts more bytes now. If not, ClientSide::client_has_room()
    // must be called when it does again.
    virtual bool client_takes() const = 0;
    // Called when the connection is over. With Close::kFin, the client gets what was already sent.
    virtual void close_client(rules::Close how) = 0;

    // Requests a connection to the server for this stream's request; see Exchange::Owner.
    virtual void ask_for_server(ClientStream& stream, bool fresh) = 0;
    // Releases the stream's server. If ServerUser::server_reusable() is true, the connection may
    // serve another request.
    virtual void drop_server(ClientStream& stream) = 0;
    virtual void to_server(ClientStream& stream, ByteView bytes) = 0;
    // Whether the socket to the server accepts more bytes now. If not, server_moved() must be
    // called when it does again.
    virtual bool server_takes(const ClientStream& stream) const = 0;
    virtual void finish_server(ClientStream& stream) = 0;
    // Resumes reading from the stream's HTTP/1 server, which backpressure had paused.
    virtual void resume_server(ClientStream& stream) = 0;
    // Facts about the connection; with the address of the stream's server if it has one.
    virtual const rules::FlowFacts& facts(const ClientStream& stream) = 0;

    // Facts about the connection itself.
    virtual const rules::FlowFacts& client_facts() = 0;

    // Called when the head of a request has arrived, before the head of its response is sent to the
    // client, and when the body of the response ends early.
    virtual void begins(const ClientStream& stream) = 0;
    virtual void responds(const ClientStream& stream, int status) = 0;
    virtual void cut_short(const ClientStream& stream) = 0;
    // Called when the stream is about to be destroyed.
    virtual void ended(const ClientStream& stream) = 0;
    virtual void send_copy(ClientStream& stream, std::string request, std::string_view method) = 0;
    virtual const rules::RuleSet& rules() = 0;
    virtual void record(const rules::FlowFacts& request, const rules::Rule& rule,
                        Direction direction, const rules::Note& note) = 0;
    virtual void watch(ClientStream& stream, const rules::PlanHolds& holds) = 0;
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // `wire` and `listener` are borrowed.
  ClientConnection(Wire& wire, const rules::Listener& listener,
                   const Session::Options& options = {});
  ~ClientConnection() override;

  void client_bytes(ByteView bytes, Instant now) override;
  void client_finished(Instant now) override;
  void client_has_room(Instant now) override;
  void drain(Instant now) override;
  void apply(const rules::RuleSet& set, Instant now) override;
  Instant deadline() const override;
  void advance(Instant now) override;
  // Frames are read even while the client does not read, to avoid a deadlock; flow-control windows
  // limit how much it may send.
  bool wants_client() const override { return !over_; }
  bool over() const override { return over_; }
  const rules::HttpExchange* exchange() const override;
  std::vector<std::string> message_rules() const override;

  // Sends queued data, and removes streams that are over. Must be called after each call of a
  // function of a stream.
  void settle(Instant now);
  ClientStream* find(StreamId id);
  // Whether data is left that the client's socket did not accept at the last call of settle().
  bool wants_output() const { return !over_ && has_output_; }

 private:
  friend class ClientStream;

  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override;
  void on_interim(StreamId, rules::HttpHead&&) override {}
  void on_data(StreamId id, ByteView bytes) override;
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override;
  void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) override;
  void on_closed(StreamId id) override;
  void on_sent(StreamId id, std::size_t bytes) override;
  void on_goaway(StreamId last, std::uint32_t code) override;
  void on_settings(std::uint32_t) override {}
  void on_failed(std::string_view why) override;
  bool on_ping() override;
  void on_priority_update(StreamId id, std::string_view value) override;
  void end(rules::Close how);
  // Returns the streams in the order of their ids, which is the order in which their requests came.
  std::vector<ClientStream*> in_order() const;
  // Counts the stream's share of waiting_ and incomplete_ anew. If the memory for incomplete
  // messages is too large for all streams together, further messages of this stream pass unparsed.
  void recount(ClientStream& stream, Instant now);
  // Resets the stream once the data queued for the client has been sent.
  void reset_after_data(StreamId id, std::uint32_t code);
  void reset_drained();
  void send_goaway(StreamId id, const rules::Goaway& goaway);
  // Applies the faults of the rules on the connection.
  void set_faults(Instant now);

  Wire& wire_;
  const rules::Listener& listener_;
  StreamTable<std::unique_ptr<ClientStream>> streams_;
  std::vector<StreamId> over_streams_;        // streams to remove, since they are over
  std::map<StreamId, std::uint32_t> ending_;  // streams to reset after their data, with the code
  // Priorities of streams that are not open yet, which a client may send ahead (RFC 9218, 7.1).
  std::map<StreamId, std::string> priorities_;
  std::vector<StreamId> has_room_;  // streams whose queued data was sent
  std::size_t waiting_ = 0;         // number of streams that may have a deadline
  std::size_t incomplete_ = 0;      // bytes of incomplete messages of all streams
  Instant now_{};                   // the time of the current call
  StreamId last_ = 0;               // the highest id of a request so far
  std::uint64_t count_ = 0;         // number of requests so far
  rules::Http2Plan plan_;
  const Session::Options options_;
  std::uint64_t pings_ = 0;           // PINGs that the client has sent
  Instant close_at_ = rules::kNever;  // when the connection closes after GOAWAY
  // when the final GOAWAY follows the first one, which is only a warning
  Instant final_at_ = rules::kNever;
  bool drains_ = false;
  bool began_ = false;
  bool has_output_ = false;
  bool settling_ = false;
  bool failed_ = false;
  bool leaving_ = false;  // the client has sent GOAWAY
  bool over_ = false;
  Session session_;
};

}  // namespace brownout::http2
