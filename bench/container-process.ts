import { readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.ts';

/** What makes the processes of two contenders the same work. */
export interface ExpectedProcess {
  args: readonly string[];
  /** In a network namespace of its own, with nothing but loopback. Default: true. */
  ownNetwork?: boolean;
}

/**
 * Throws unless the process runs what it should, the way a container does: own namespaces, own root, seccomp on. The runtime answers
 * a little before the process has executed what it was told to; so much is waited for.
 */
export async function checkContainerProcess(
  pid: number,
  { args, ownNetwork = true }: ExpectedProcess,
): Promise<void> {
  await checkProcess(pid, args);
  const proc = `/proc/${pid}`;
  const namespaces = ['mnt', 'pid', 'ipc', 'uts', ...(ownNetwork ? ['net'] : [])];
  for (const name of namespaces) {
    if (readlinkSync(`${proc}/ns/${name}`) !== readlinkSync(`/proc/self/ns/${name}`)) continue;
    throw new Error(`check process ${pid}: it has the host's ${name} namespace`);
  }
  const seccomp = /^Seccomp:\t(\d)$/m.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1];
  if (seccomp !== '2') throw new Error(`check process ${pid}: seccomp is ${seccomp ?? 'unknown'}, not 2`);
}

/** Throws unless the process runs that command. */
export async function checkProcess(pid: number, args: readonly string[]): Promise<void> {
  const expected = args.join(' ');
  const commandLine = () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1).join(' ');
  await until(() => commandLine() === expected, `process ${pid} runs ${expected}`, { timeoutMs: 1000 });
}
