#pragma once

#include <optional>
#include <string>

namespace tsctr {

/** The first frame: who asks, and for what. Empty when this process cannot say it, so that the command needs
 * Node. */
std::optional<std::string> describeCommand(int argc, char** argv, const std::string& mainScript);

/**
 * Lets the daemon at the other end of `socket` run the command, with the streams and signals of this process,
 * and returns its exit code; nothing when the daemon gave it back, having done nothing.
 */
std::optional<int> relayCommand(int socket, const std::string& description);

}  // namespace tsctr
