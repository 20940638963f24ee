// Where a kernel parameter lies.
#pragma once

#include <string>

namespace tsctr {

/** Below /proc/sys. As sysctl(8) reads a name: dots separate, and a slash stands for a dot inside a part,
 * unless a slash separates first. */
inline std::string sysctlPath(std::string name) {
  const size_t first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '/') return name;
  for (char& character : name) {
    if (character == '.') {
      character = '/';
    } else if (character == '/') {
      character = '.';
    }
  }
  return name;
}

}  // namespace tsctr
