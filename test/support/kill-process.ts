/**
 * Sends a signal to one process, by default SIGKILL. Throws when there is no pid: kill(2) takes -1 for all processes of the host,
 * so that nothing must ever stand in for a pid that is not known.
 */
export function killProcess(pid: number | null | undefined, signal: NodeJS.Signals | 0 = 'SIGKILL'): void {
  if (pid === null || pid === undefined || pid <= 1) {
    throw new Error(`kill: expected the pid of a process, found ${String(pid)}`);
  }
  process.kill(pid, signal);
}
