// A small tree of directories, links, nodes and small files as a tar archive (ustar, tar(5)) and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tsctr {

/** Nothing when there is something in it that is not that simple, or more than `maxBytes` of it. */
std::optional<std::string> archiveTree(int root, size_t maxBytes);

/**
 * With owners, modes and times. False when there is something in it that `archiveTree` does not write, or
 * when it could not be carried out; never writes outside of `root`, whatever the archive says.
 */
bool extractTree(int root, std::string_view archive);

}  // namespace tsctr
