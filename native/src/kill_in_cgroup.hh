#pragma once

namespace tsctr {

/** Kills what the `cgroup.procs` lists and what is in the cgroups below, again and again until there is
 * nothing: what forks meanwhile as well. */
void killInCgroup(const char* procsFile);

}  // namespace tsctr
