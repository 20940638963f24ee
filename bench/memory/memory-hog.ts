import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readProcessTable } from '../../test/support/process-table.ts';
import { until } from '../until.ts';

/** Where `npm run setup` puts a CRIU for kernels that the distribution's is too old for, and where distributions have theirs. */
const CRIU_PLACES = ['/opt/tsctr/criu/bin/criu', '/usr/sbin/criu', '/usr/bin/criu'];

/** The path of CRIU; null when it is not installed. */
export function findCriu(): string | null {
  return CRIU_PLACES.find((file) => existsSync(file)) ?? null;
}

/** What the memory holds: nothing but zeros, or bytes that zstd makes about a third of. */
export type Content = 'zeros' | 'mixed';

/** What every contender saves and brings back. */
export interface Hog {
  /** Of the container. */
  name: string;
  mib: number;
  content: Content;
}

/** A shell whose child dd fills its buffer, and then waits for ever to hand it on. */
export function hogCommand({ mib, content }: Omit<Hog, 'name'>): string[] {
  const size = `bs=${mib}M count=1`;
  const fill =
    content === 'zeros'
      ? `dd if=/dev/zero ${size} 2>/dev/null`
      : // Three bytes of four become zero, the others are random.
        `tr '\\100-\\377' '\\0' </dev/urandom | dd iflag=fullblock ${size} 2>/dev/null`;
  return ['sh', '-c', `trap 'exit 0' TERM; ${fill} | sleep 3600 & while :; do sleep 3600 & wait $!; done`];
}

/** Starts it outside of any container, as the leader of a session of its own. */
export function startHog(hog: Hog): number {
  const [argv0, ...args] = hogCommand(hog);
  const child = spawn('/bin/busybox', args, {
    argv0,
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: {},
  });
  if (child.pid === undefined) throw new Error('start /bin/busybox: no process came of it');
  return child.pid;
}

/** Throws unless a process has the memory, which is not so before dd has read it, or when too little was brought back. */
export async function untilFull({ mib }: Pick<Hog, 'mib'>): Promise<void> {
  const isFull = async () => {
    const table = await readProcessTable();
    return table.some(({ pid, args }) => args.join(' ').includes(`bs=${mib}M`) && residentMib(pid) >= mib);
  };
  await until(isFull, `a process has ${mib} MiB`, { everyMs: 20 });
}

/** True while there is a process of that session, a dead one that nobody has waited for included. */
export function isInSession(session: number): boolean {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] === String(session);
    } catch {
      return false;
    }
  });
}

function residentMib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
