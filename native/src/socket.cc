// Sockets of AF_UNIX, with descriptors in their messages.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "arguments.hh"
#include "unique_fd.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

constexpr size_t kMaxDescriptors = 16;

Napi::Value socketpairWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "socketpair");
  const int type = args.integer(0) | SOCK_CLOEXEC;
  int fds[2];
  args.call({}, [&] { return ::socketpair(AF_UNIX, type, 0, fds); });
  return args.pair(fds[0], fds[1]);
}

/** Never waits: EAGAIN when the listener's backlog is full. */
Napi::Value connectUnix(const Napi::CallbackInfo& info) {
  const Arguments args(info, "connect");
  const std::string path = args.string(0);
  const int type = args.integer(1);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string name = path;
  UniqueFd shortcut;  // keeps /proc/self/fd/<n> alive for the call
  if (path.size() >= sizeof address.sun_path) {
    shortcut = UniqueFd(checked("open", path, [&] { return ::open(path.c_str(), O_PATH | O_CLOEXEC); }));
    name = "/proc/self/fd/" + std::to_string(shortcut.get());
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  UniqueFd socket(
      checked("socket", path, [&] { return ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }));
  args.call(path, [&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  if ((type & SOCK_NONBLOCK) == 0) {
    checked("fcntl", path, [&] { return ::fcntl(socket.get(), F_SETFL, 0); });
  }
  return Napi::Number::New(info.Env(), socket.release());
}

/** (fd, data, fds) → bytes sent. Never waits: EAGAIN when the peer's buffer is full. */
Napi::Value sendmsgWrapper(const Napi::CallbackInfo& info) {
  const Arguments args(info, "sendmsg");
  const int fd = args.integer(0);
  Napi::Uint8Array data = args.bytes(1);
  const auto list = info[2].As<Napi::Array>();
  const size_t count = list.Length();
  if (count > kMaxDescriptors) throw SystemError{"sendmsg", EINVAL, {}};

  iovec part{.iov_base = data.Data(), .iov_len = data.ByteLength()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  if (count > 0) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::array<int, kMaxDescriptors> fds{};
    for (uint32_t i = 0; i < count; i++) fds[i] = list.Get(i).As<Napi::Number>().Int32Value();
    std::memcpy(CMSG_DATA(header), fds.data(), count * sizeof(int));
  }
  return args.callForNumber({}, [&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
}

std::vector<UniqueFd> receivedDescriptors(msghdr& message) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

/** (fd, buffer) → [bytes, ...fds], or null when nothing is there yet. */
Napi::Value recvmsgNow(const Napi::CallbackInfo& info) {
  const Arguments args(info, "recvmsg");
  const int fd = args.integer(0);
  Napi::Uint8Array buffer = args.bytes(1);
  iovec part{.iov_base = buffer.Data(), .iov_len = buffer.ByteLength()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t bytes =
      retryOnEintr([&] { return ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
  if (bytes == -1 && errno == EAGAIN) return info.Env().Null();
  if (bytes == -1) throw SystemError{"recvmsg", errno, {}};
  std::vector<UniqueFd> fds = receivedDescriptors(message);
  // Half a packet, or some of its descriptors, is nothing that a caller could go on with.
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) throw SystemError{"recvmsg", EMSGSIZE, {}};
  Napi::Array result = Napi::Array::New(info.Env(), fds.size() + 1);
  result.Set(0u, Napi::Number::New(info.Env(), static_cast<double>(bytes)));
  for (uint32_t i = 0; i < fds.size(); i++) {
    result.Set(i + 1, Napi::Number::New(info.Env(), fds[i].release()));
  }
  return result;
}

}  // namespace

void exposeSocket(Napi::Env env, Napi::Object exports) {
  expose<socketpairWrapper>(env, exports, "socketpair");
  expose<connectUnix>(env, exports, "connectUnix");
  expose<sendmsgWrapper>(env, exports, "sendmsg");
  expose<recvmsgNow>(env, exports, "recvmsgNow");
}

}  // namespace tsctr
