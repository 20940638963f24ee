#pragma once

#include <string>

namespace tsctr {

/** The socket of the daemon whose run directory is `run`, connected; -1 when nobody listens there, or so many
 * wait for it already that there is no place in its backlog within `timeoutMs`. */
int connectDaemon(const std::string& run, int timeoutMs);

/**
 * Asks the daemon to run a command line: HTTP's Upgrade on `socket`. False when it does not know how to, or
 * has not answered within `timeoutMs`; nothing has been asked of it then.
 */
bool upgradeToCommand(int socket, int timeoutMs);

}  // namespace tsctr
