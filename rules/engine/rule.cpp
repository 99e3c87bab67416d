#include "rules/engine/rule.h"

namespace brownout::rules {

CarrierSet Rule::acting() const {
  auto carriers = kind->carriers;
  for (const auto carrier : {Carrier::kStream, Carrier::kDatagram, Carrier::kDns, Carrier::kHttp,
                             Carrier::kTls, Carrier::kMessage}) {
    if (!fault->acts_on(carrier)) carriers = carriers.without(CarrierSet(carrier));
  }
  return carriers;
}

bool Rule::queues_all_accepts() const {
  const bool some = !match.client.empty() || match.is_for_server() || !match.host.empty() ||
                    match.ordinals().any() || match.is_for_tls() || match.is_for_node();
  return fault->queues_accepts() && !some && probability.parts_per_billion == Ratio::kOne;
}

bool Rule::acts_on_half(Carrier carrier, Direction direction) const {
  if (kind->directed && !match.covers(direction)) return false;
  const bool upstream = direction == Direction::kUpstream;
  switch (carrier == Carrier::kDns ? kind->dns_part : kind->http_part) {
    case ExchangePart::kRequest:
      return upstream;
    case ExchangePart::kResponse:
      return !upstream;
    case ExchangePart::kByDirection: {
      const bool late = match.direction == DirectionChoice::kDownstream || match.of_response();
      return upstream != late;
    }
    case ExchangePart::kResponseByDefault:
      return upstream == (match.direction == DirectionChoice::kUpstream);
    default:
      return true;
  }
}

}  // namespace brownout::rules
