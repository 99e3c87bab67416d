#include "rules/chance/dice.h"

namespace brownout::rules {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

Key key_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return mix(hash + kGolden);
}

Key combine(Key a, Key b) { return mix(a ^ mix(b + kGolden)); }

Dice::Dice(std::uint64_t seed, Key rule, Key flow)
    : state_(combine(combine(mix(seed + kGolden), rule), flow)) {}

std::uint64_t Dice::bits(std::uint64_t event) const {
  return mix(mix(state_ + kGolden * (event + 1)) ^ state_);
}

double Dice::unit(std::uint64_t event) const {
  return static_cast<double>(bits(event) >> 11) * 0x1.0p-53;
}

bool Dice::hit(std::uint64_t event, Ratio probability) const {
  if (probability.parts_per_billion <= 0) return false;
  if (probability.parts_per_billion >= Ratio::kOne) return true;
  __extension__ using Wide = unsigned __int128;
  const Wide scaled = static_cast<Wide>(bits(event)) * static_cast<Wide>(Ratio::kOne);
  return static_cast<std::int64_t>(scaled >> 64) < probability.parts_per_billion;
}

std::int64_t Dice::between(std::uint64_t event, std::int64_t low, std::int64_t high) const {
  if (high <= low) return low;
  __extension__ using Wide = unsigned __int128;
  const auto span = static_cast<Wide>(static_cast<std::uint64_t>(high - low)) + 1;
  return low + static_cast<std::int64_t>((static_cast<Wide>(bits(event)) * span) >> 64);
}

Dice Dice::split(std::string_view purpose) const {
  Dice other;
  other.state_ = combine(state_, key_of(purpose));
  return other;
}

}  // namespace brownout::rules
