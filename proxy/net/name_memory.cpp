#include "proxy/net/name_memory.h"

#include <algorithm>

namespace brownout::proxy {
namespace {

std::string key_of(const rules::IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

}  // namespace

void NameMemory::remember(const std::string& name, const rules::IpAddress& address) {
  const auto key = key_of(address);
  const std::lock_guard lock(mutex_);
  auto& known = names_[key];
  if (!known) {
    order_.push_back(key);
  } else if (known->front() == name) {
    return;
  }
  auto names = known ? *known : std::vector<std::string>{};
  std::erase(names, name);
  names.insert(names.begin(), name);
  if (names.size() > kMostNames) names.pop_back();
  known = std::make_shared<const std::vector<std::string>>(std::move(names));
  if (order_.size() <= kMostAddresses) return;
  names_.erase(order_.front());
  order_.pop_front();
}

NameMemory::Names NameMemory::names_of(const rules::IpAddress& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(key_of(address));
  return found == names_.end() ? nullptr : found->second;
}

}  // namespace brownout::proxy
