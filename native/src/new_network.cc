#include "new_network.hh"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "sysctl_path.hh"
#include "unique_fd.hh"

namespace tsctr {
namespace {

/** The current one, out of the way of the places that descriptors are to take. */
UniqueFd openNetwork() {
  constexpr int kAboveAllPlaces = 100;
  const UniqueFd fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kAboveAllPlaces));
}

bool bringLoopbackUp() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) == -1) return false;
  request.ifr_flags |= IFF_UP;
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

bool writeSysctl(const std::string& name, const std::string& value) {
  const std::string path = "/proc/sys/" + sysctlPath(name);
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.get() != -1 && ::write(file.get(), value.data(), value.size()) != -1;
}

}  // namespace

bool makeNetwork(const NewNetwork& network) {
  const UniqueFd own = openNetwork();
  if (own.get() == -1 || ::unshare(CLONE_NEWNET) == -1) return false;
  const UniqueFd made = openNetwork();
  if (made.get() == -1 || !bringLoopbackUp()) return false;
  for (const auto& [name, value] : network.sysctls) {
    if (!writeSysctl(name, value)) return false;
  }
  return ::dup3(made.get(), network.place, 0) == network.place && ::setns(own.get(), CLONE_NEWNET) == 0;
}

}  // namespace tsctr
