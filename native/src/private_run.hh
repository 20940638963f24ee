#pragma once

namespace tsctr {

/**
 * Gives the calling process a mount namespace of its own in which /run is a tmpfs with all that is in the
 * host's /run bound into it. CRIU keeps what it has learned of the kernel in /run/criu.kdat, and only if that
 * is a tmpfs. `knowledge` is copied there when it exists. False, with errno, when a step fails.
 */
bool enterPrivateRun(const char* knowledge);

}  // namespace tsctr
