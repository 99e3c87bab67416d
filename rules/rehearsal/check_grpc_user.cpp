#include "rules/rehearsal/check_grpc_user.h"

#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class GrpcUserCheck {
 public:
  GrpcUserCheck(const Node& table, const GrpcUser& user, Diagnostics& problems)
      : table_(table), user_(user), problems_(problems) {}

  void run(Duration timeout) const {
    if (user_.asks_health()) {
      check_health();
    } else if (check_method()) {
      check_fields();
    }
    if (!user_.streams()) {
      for (const std::string_view key : {"number_field", "numbers_continue", "messages"}) {
        refuse(key, std::string(key) + " is only for methods whose response is a stream",
               "leave it out");
      }
    } else if (user_.deadline) {
      refuse("deadline",
             "deadline is not possible for a method whose response is a stream: the call stays "
             "open over many operations",
             "leave deadline out: `timeout` limits the time until a message arrives");
    }
    if (user_.numbers_continue && user_.number.empty()) {
      refuse("numbers_continue", "numbers_continue needs \"number_field\"",
             "write number_field = \"...\", the field that numbers the messages");
    }
    if (user_.deadline && *user_.deadline > timeout) {
      refuse("deadline",
             "the deadline is longer than `timeout`, the time-out of an attempt, which is " +
                 to_text(timeout),
             "write a longer `timeout`, or a shorter deadline");
    }
  }

 private:
  void refuse(std::string_view key, std::string what, std::string hint) const {
    if (table_.find(key) == nullptr) return;
    problems_.add(position_of(table_, key), std::move(what), std::move(hint));
  }

  void check_health() const {
    for (const std::string_view key : {"descriptors", "request", "field", "number_field"}) {
      refuse(key, std::string(key) + " needs \"rpc\", the method that users call",
             "e.g. service = \"shop.Orders\" and rpc = \"Get\"; without rpc, users ask for the "
             "health of the service");
    }
    if (user_.watch) {
      refuse("messages",
             "messages is not possible for the health service, which sends a message only when the "
             "health changes",
             "leave messages out");
    }
  }

  // Whether the method is known and can be called.
  bool check_method() const {
    refuse("watch", "watch calls the health service, but \"rpc\" is another method",
           "leave one of them out");
    if (user_.types.empty()) {
      // An unreadable descriptors file has already been reported.
      if (table_.find("descriptors") == nullptr) {
        problems_.add(position_of(table_, "rpc"), "rpc needs \"descriptors\"",
                      "e.g. descriptors = \"api.pb\", a file of protoc --include_imports "
                      "--descriptor_set_out=api.pb");
      }
      return false;
    }
    const auto streams = user_.types.streams(user_.service, user_.rpc);
    if (!streams) {
      const auto rpcs = user_.types.rpcs(user_.service);
      const bool service = rpcs.empty();
      const auto names = service ? user_.types.services() : rpcs;
      const auto& wanted = service ? user_.service : user_.rpc;
      problems_.add(
          position_of(table_, service && table_.find("service") != nullptr ? "service" : "rpc"),
          (service ? "the descriptors have no service " : "the service has no method ") +
              in_quotes(wanted),
          suggest(wanted, std::vector<std::string_view>(names.begin(), names.end())));
      return false;
    }
    if (streams->client) {
      problems_.add(position_of(table_, "rpc"),
                    "the client of " + in_quotes(user_.rpc) + " sends a stream of messages",
                    "name a method whose request is one message");
      return false;
    }
    if (!user_.types.from_json(user_.service, user_.rpc, false, user_.request)) {
      problems_.add(position_of(table_, table_.find("request") != nullptr ? "request" : "rpc"),
                    "request: the text is not JSON for a request of " + in_quotes(user_.rpc),
                    "use the names and types of the fields in the .proto file");
    }
    return true;
  }

  void check_fields() const {
    const auto check = [&](std::string_view key, const std::string& path) {
      if (path.empty() || user_.types.has_field(user_.service, user_.rpc, true, path)) return;
      problems_.add(position_of(table_, key),
                    std::string(key) + ": responses of " + in_quotes(user_.rpc) +
                        " have no field " + in_quotes(path),
                    "write the path of a field with a single value, e.g. \"order.id\"");
    };
    for (const auto& wanted : user_.fields) check("field", wanted.name);
    check("number_field", user_.number);
  }

  const Node& table_;
  const GrpcUser& user_;
  Diagnostics& problems_;
};

}  // namespace

void check_grpc_user(const Node& table, const GrpcUser& user, Duration timeout,
                     Diagnostics& problems) {
  GrpcUserCheck(table, user, problems).run(timeout);
}

}  // namespace brownout::rules
