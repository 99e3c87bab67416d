// RequestCopy: sends a duplicate of an HTTP request on its own connection and discards the response
// (for faults that duplicate requests). RequestCopies owns the copies of one worker, since a copy
// may outlive its client.
//
// Use only on the event loop's thread.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "proxy/flow/client_flow.h"
#include "proxy/net/outbox.h"
#include "rules/protocols/http1/codec/http1.h"

namespace brownout::proxy {

class RequestCopies;

class RequestCopy final : public Retirable, private Ready, private Deadline, Connector::Owner {
 public:
  RequestCopy(RequestCopies& owner, Host& host, std::shared_ptr<UpstreamGroup> group,
              const rules::FlowFacts& flow, std::string request, std::string_view method);
  ~RequestCopy() override;

  void start();

 private:
  friend class RequestCopies;
  void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) override;
  void on_connect_failed(const Error& error) override;
  rules::Admission admit(const SocketAddress&) override { return {}; }
  void on_connect_stopped(rules::Admission) override { over(); }
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant) noexcept override { over(); }
  void over();

  RequestCopies& owner_;
  Host& host_;
  std::string request_;
  Stream stream_;
  Outbox out_;
  codecs::Http1Parser response_{codecs::Http1Parser::Side::kResponses};
  std::unique_ptr<Connector> connector_;
  std::list<std::unique_ptr<RequestCopy>>::iterator place_;
  bool over_ = false;
};

class RequestCopies {
 public:
  // Limit of copies at the same time.
  static constexpr std::size_t kMost = 256;

  explicit RequestCopies(Host& host) : host_(host) {}
  // Sends the copy of a request. Returns false and sends nothing if there are too many copies.
  bool send(const std::shared_ptr<UpstreamGroup>& group, const rules::FlowFacts& flow,
            std::string request, std::string_view method);

 private:
  friend class RequestCopy;
  Host& host_;
  std::list<std::unique_ptr<RequestCopy>> all_;
};

}  // namespace brownout::proxy
