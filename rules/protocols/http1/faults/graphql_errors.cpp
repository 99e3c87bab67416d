// graphql_errors: adds errors to the responses of a GraphQL server, whose status stays 200.
#include <algorithm>
#include <array>

#include "rules/engine/fault.h"
#include "rules/engine/whole_body.h"
#include "rules/schema/json_text.h"

namespace brownout::rules {
namespace {

enum class GraphqlData { kKeep, kNull };

}  // namespace

template <>
struct EnumNames<GraphqlData> {
  static constexpr std::array kValues{
      std::pair<std::string_view, GraphqlData>{"keep", GraphqlData::kKeep},
      std::pair<std::string_view, GraphqlData>{"null", GraphqlData::kNull}};
};

namespace {

struct GraphqlErrorsSettings {
  std::string message = "injected error";
  std::optional<std::string> code;
  std::vector<Node> path;
  GraphqlData data = GraphqlData::kKeep;
};

// The path to a field has names and the indexes of list elements (GraphQL, 7.1.2).
void read_path(const Node& node, GraphqlErrorsSettings& settings, Diagnostics& problems) {
  const auto is_step = [](const Node& step) {
    const auto* index = std::get_if<std::int64_t>(&step.value);
    return step.string() != nullptr || (index != nullptr && *index >= 0);
  };
  const auto* steps = node.array();
  if (steps == nullptr || steps->empty() || !std::all_of(steps->begin(), steps->end(), is_step)) {
    problems.add(node.where, "path: expected a list of names and indexes",
                 R"(e.g. path = ["user", "friends", 0])");
    return;
  }
  settings.path = *steps;
}

class GraphqlErrors final : public HttpOnlyFault {
 public:
  using Settings = GraphqlErrorsSettings;
  explicit GraphqlErrors(const Settings& settings)
      : error_(error_of(settings)), data_(settings.data) {
    nulled_ = JsonPointer().of("data");
    for (const auto& step : settings.path) {
      const auto* index = std::get_if<std::int64_t>(&step.value);
      nulled_ = nulled_.of(index != nullptr ? std::to_string(*index) : *step.string());
    }
  }

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("message", &Settings::message, "the message of the error"),
        field("code", &Settings::code,
              "the code in the error's extensions, e.g. \"INTERNAL_SERVER_ERROR\""),
        nested<Settings>("path", "list of names and indexes",
                         "the field to which the error belongs, e.g. [\"user\", \"friends\", 0]; "
                         "with data = \"null\" this field becomes null",
                         read_path),
        field("data", &Settings::data,
              "\"keep\": the response keeps all its data and has the error in addition; \"null\": "
              "`data` of the response, or only the field at `path`, becomes null; if this field is "
              "missing, all of `data` becomes null"),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    want_body(context, message, kMostBody);
    return std::nullopt;
  }

  Result<std::optional<Note>> on_body(const HttpContext&, HttpMessage& message) const override {
    return edit_body(message, kMostBody, "graphql error",
                     [&](const std::string& text) { return with_error(text); });
  }

 private:
  static std::string error_of(const Settings& settings) {
    const auto member = [](std::string name, Node value) {
      return Member{std::move(name), {}, std::move(value)};
    };
    Node::Table error{member("message", Node{settings.message})};
    if (!settings.path.empty()) error.push_back(member("path", Node{settings.path}));
    if (settings.code) {
      error.push_back(
          member("extensions", Node{Node::Table{member("code", Node{*settings.code})}}));
    }
    return json_of(Node{std::move(error)}).value_or("{}");
  }

  Result<std::string> with_error(std::string json) const {
    const JsonPointer whole;
    const bool answers = is_json_object(json) && (has_member(json, whole.of("data")) ||
                                                  has_member(json, whole.of("errors")));
    if (!answers) return config_error("the body is not a GraphQL response");
    const auto errors = whole.of("errors");
    if (!set_json(json, errors.of("-"), error_)) set_json(json, errors, "[" + error_ + "]");
    if (data_ == GraphqlData::kNull && !set_json(json, nulled_, "null"))
      set_json(json, whole.of("data"), "null");
    return json;
  }

  std::string error_;
  JsonPointer nulled_;
  GraphqlData data_;
};

}  // namespace

extern const FaultKind kGraphqlErrors = describe<GraphqlErrors>(
    {.name = "graphql_errors",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The response of a GraphQL server contains an error in addition to its data. Its "
                "HTTP status is unchanged, usually 200. A response that is not a GraphQL response, "
                "or is larger than 1 MiB, passes unchanged, with an event.",
     .correct_client = "looks for errors in every response with any status, reports them, and uses "
                       "the data of such a response only where it does not need the missing part",
     .unit = "response",
     .composition = "the errors of all rules are in the response, in the order of the file",
     .source = "GraphQL, 7.1 (response format); GraphQL over HTTP, 6.4; MockServer, "
               "graphqlErrors"});

}  // namespace brownout::rules
