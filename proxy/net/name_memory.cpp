#include "proxy/net/name_memory.h"

#include <algorithm>

namespace brownout::proxy {
namespace {

std::string key_of(const rules::IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

}  // namespace

void NameMemory::remember(const std::string& name, const rules::IpAddress& address) {
  if (add(name, address) && tell_) tell_();
}

// Returns whether the name is new for the address.
bool NameMemory::add(const std::string& name, const rules::IpAddress& address) {
  const auto key = key_of(address);
  const std::lock_guard lock(mutex_);
  auto& known = names_[key];
  if (!known) {
    order_.push_back(key);
  } else if (known->front() == name) {
    return false;
  }
  auto names = known ? *known : std::vector<std::string>{};
  const bool fresh = std::erase(names, name) == 0;
  names.insert(names.begin(), name);
  if (names.size() > kMostNames) names.pop_back();
  known = std::make_shared<const std::vector<std::string>>(std::move(names));
  if (order_.size() <= kMostAddresses) return fresh;
  names_.erase(order_.front());
  order_.pop_front();
  return fresh;
}

std::vector<rules::IpAddress> NameMemory::addresses_of(
    const std::vector<rules::NamePattern>& patterns, std::size_t most) const {
  std::vector<rules::IpAddress> found;
  const std::lock_guard lock(mutex_);
  for (auto key = order_.rbegin(); key != order_.rend() && found.size() < most; ++key) {
    const auto names = names_.find(*key);
    if (names == names_.end()) continue;
    const auto& list = *names->second;
    if (std::none_of(list.begin(), list.end(),
                     [&](const auto& name) { return any_matches(patterns, name); }))
      continue;
    rules::IpAddress address;
    std::copy(key->begin(), key->end(), reinterpret_cast<char*>(address.bytes.data()));
    found.push_back(address);
  }
  return found;
}

NameMemory::Names NameMemory::names_of(const rules::IpAddress& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(key_of(address));
  return found == names_.end() ? nullptr : found->second;
}

}  // namespace brownout::proxy
