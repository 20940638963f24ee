#pragma once

namespace tsctr {

/** Kills what the `cgroup.procs` lists, again and again until it is empty: what forks meanwhile as well. */
void killInCgroup(const char* procsFile);

}  // namespace tsctr
