// A network namespace for a container whose other namespaces CRIU makes.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tsctr {

struct NewNetwork {
  /** The number of its descriptor. */
  int place = -1;
  /** Names and values, written inside it. */
  std::vector<std::pair<std::string, std::string>> sysctls;
};

/** Makes one with its loopback up; the calling process stays in its own. False with errno. */
bool makeNetwork(const NewNetwork& network);

}  // namespace tsctr
