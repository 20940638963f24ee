import { findProgram } from '../../host.ts';
import type { RunCommand } from '../../process/run-command.ts';
import type { ListUnixPeers } from './container-snapshot.ts';

const TIMEOUT_MS = 5000;

/**
 * Asks ss(8) in the network namespace of the process: /proc does not tell which unix sockets belong together, and the kernel
 * tells it over netlink only. Without the programs nobody knows.
 */
export function listUnixPeersBy(runCommand: RunCommand): ListUnixPeers {
  return async (pid) => {
    const nsenter = findProgram('nsenter');
    const ss = findProgram('ss');
    if (nsenter === null || ss === null) return null;
    const result = await runCommand({
      file: nsenter,
      args: [`--net=/proc/${String(pid)}/ns/net`, ss, '--unix', '--all', '--numeric', '--no-header'],
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: 8 << 20,
    });
    return result.exitCode === 0 ? parseUnixPeers(result.stdout.toString('utf8')) : null;
  };
}

/** Lines such as `u_str ESTAB 0 0 /run/x 12345 * 12346`: the second number of each end is its inode. */
export function parseUnixPeers(text: string): Map<number, number> {
  const peers = new Map<number, number>();
  for (const line of text.split('\n')) {
    const match = /^\S+\s+\S+\s+\d+\s+\d+\s+.*?\s(\d+)\s+\S+\s+(\d+)\s*$/.exec(line);
    if (match !== null) peers.set(Number(match[1]), Number(match[2]));
  }
  return peers;
}
