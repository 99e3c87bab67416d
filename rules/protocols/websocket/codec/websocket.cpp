#include "rules/protocols/websocket/codec/websocket.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostControl = 125;

// Removes the part of `list` before `mark`, and returns it without surrounding blanks. Ignores
// quotes, because no parameter of permessage-deflate has a quoted string that contains a mark.
std::string_view cut_off(std::string_view& list, char mark) {
  const auto end = std::min(list.find(mark), list.size());
  auto element = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  while (element.starts_with(' ') || element.starts_with('\t')) element.remove_prefix(1);
  while (element.ends_with(' ') || element.ends_with('\t')) element.remove_suffix(1);
  return element;
}

}  // namespace

struct WebSocketParser::State {
  State() {
    const wslay_frame_callbacks callbacks{nullptr, receive, nullptr};
    wslay_frame_context_init(&context, &callbacks, this);
  }
  ~State() { wslay_frame_context_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Callback that gives bytes to wslay, which would read ahead. wslay gets header bytes one at a
  // time, and never more than the current payload, so the number of consumed bytes is exact.
  static ssize_t receive(uint8_t* into, std::size_t size, int, void* user) {
    auto& self = *static_cast<State*>(user);
    const auto most = self.in_payload ? std::min<std::uint64_t>(size, self.left) : 1;
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(most), self.input.size());
    if (count == 0) return -1;
    std::memcpy(into, self.input.data(), count);
    self.input = self.input.subspan(count);
    return static_cast<ssize_t>(count);
  }

  bool breaks(std::string_view what) {
    why = what;
    dead = true;
    return true;
  }

  // Processes a complete frame header. Returns true if the header is invalid at this point.
  bool begin_frame(const wslay_frame_iocb& frame) {
    in_payload = true;
    left = frame.payload_length;
    fin = frame.fin != 0;
    is_control = wslay_is_ctrl_frame(frame.opcode) != 0;
    if (is_control) {
      if (frame.opcode > WSLAY_PONG) return breaks("an unknown opcode");
      if (!fin || left > kMostControl) return breaks("a fragmented or too long control frame");
      control_opcode = static_cast<rules::Opcode>(frame.opcode);
      return false;
    }
    if (frame.opcode > WSLAY_BINARY_FRAME) return breaks("an unknown opcode");
    if ((frame.opcode == WSLAY_CONTINUATION_FRAME) != in_message)
      return breaks("a message begins within another, or continues without a beginning");
    if (!in_message) {
      data_opcode = static_cast<rules::Opcode>(frame.opcode);
      is_compressed = wslay_get_rsv1(frame.rsv) != 0;
    }
    in_message = true;
    return false;
  }

  wslay_frame_context_ptr context = nullptr;
  ByteView input;
  Bytes payload;
  std::string why;
  std::uint64_t left = 0;  // number of bytes left of the frame's payload
  rules::Opcode data_opcode = rules::Opcode::kText;
  rules::Opcode control_opcode = rules::Opcode::kPing;
  bool in_payload = false;
  bool in_message = false;
  bool is_control = false;
  bool is_compressed = false;
  bool fin = false;
  bool dead = false;
};

WebSocketParser::WebSocketParser() : state_(std::make_unique<State>()) {}
WebSocketParser::~WebSocketParser() = default;

bool WebSocketParser::control() const { return state_->is_control; }
rules::Opcode WebSocketParser::opcode() const {
  return state_->is_control ? state_->control_opcode : state_->data_opcode;
}
bool WebSocketParser::compressed() const { return !state_->is_control && state_->is_compressed; }
const Bytes& WebSocketParser::payload() const { return state_->payload; }
const std::string& WebSocketParser::why() const { return state_->why; }

WebSocketParser::Step WebSocketParser::next(ByteView bytes) {
  auto& state = *state_;
  state.payload.clear();
  Step step;
  if (state.dead) {
    step.broken = true;
    return step;
  }
  state.input = bytes;
  while (!state.input.empty() || (state.in_payload && state.left == 0)) {
    wslay_frame_iocb frame{};
    const auto before = state.input.size();
    const auto got = wslay_frame_recv(state.context, &frame);
    step.taken = bytes.size() - state.input.size();
    if (got == WSLAY_ERR_PROTO) state.breaks("an invalid WebSocket frame");
    if (got < 0) {
      step.broken = state.dead;
      if (state.dead) return step;
      if (state.input.size() == before) return step;
      continue;
    }
    if (!state.in_payload && state.begin_frame(frame)) {
      step.broken = true;
      return step;
    }
    const auto* data = reinterpret_cast<const std::byte*>(frame.data);
    state.payload.insert(state.payload.end(), data, data + frame.data_length);
    state.left -= frame.data_length;
    if (state.left > 0) continue;
    state.in_payload = false;
    step.frame_ended = true;
    step.message_ended = state.fin;
    if (!state.is_control && state.fin) state.in_message = false;
    return step;
  }
  return step;
}

Bytes write_frame(rules::Opcode opcode, bool compressed, ByteView payload, bool masked,
                  std::uint32_t key) {
  struct Out {
    Bytes bytes;
    std::uint32_t key;
  } out{{}, key};
  const wslay_frame_callbacks callbacks{
      [](const uint8_t* data, std::size_t size, int, void* user) {
        auto& bytes = static_cast<Out*>(user)->bytes;
        const auto* begin = reinterpret_cast<const std::byte*>(data);
        bytes.insert(bytes.end(), begin, begin + size);
        return static_cast<ssize_t>(size);
      },
      nullptr,
      [](uint8_t* into, std::size_t size, void* user) {
        std::memcpy(into, &static_cast<Out*>(user)->key, std::min<std::size_t>(size, 4));
        return 0;
      }};
  wslay_frame_context_ptr context = nullptr;
  wslay_frame_context_init(&context, &callbacks, &out);
  wslay_frame_iocb frame{};
  frame.fin = 1;
  frame.rsv = compressed ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE;
  frame.opcode = static_cast<std::uint8_t>(opcode);
  frame.payload_length = payload.size();
  frame.mask = masked ? 1 : 0;
  frame.data = reinterpret_cast<const uint8_t*>(payload.data());
  frame.data_length = payload.size();
  // wslay sends in pieces. The callback accepts every piece, so the loop writes the whole frame.
  do {
    const auto sent = wslay_frame_send(context, &frame);
    if (sent < 0) break;
    frame.data += sent;
    frame.data_length -= static_cast<std::size_t>(sent);
  } while (frame.data_length > 0);
  wslay_frame_context_free(context);
  return std::move(out.bytes);
}

std::optional<Deflate> agreed_deflate(std::string_view extensions) {
  while (!extensions.empty()) {
    auto parameters = cut_off(extensions, ',');
    if (cut_off(parameters, ';') != "permessage-deflate") continue;
    Deflate deflate;
    while (!parameters.empty()) {
      const auto parameter = cut_off(parameters, ';');
      if (parameter == "client_no_context_takeover") deflate.upstream_takeover = false;
      if (parameter == "server_no_context_takeover") deflate.downstream_takeover = false;
    }
    return deflate;
  }
  return std::nullopt;
}

}  // namespace brownout::codecs
