import { readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Globals } from '../command-line/command.ts';
import { connectDaemon } from '../api/client.ts';
import { socketPathOf } from '../arguments/service-options.ts';
import { formatBytes } from '../output/bytes.ts';
import { fail, isAtLeast, ok, warn } from './check.ts';
import type { Check } from './check.ts';

const OLDEST_NODE = '20.19';
const FEW_BYTES = 1024 ** 3;
const TOO_FEW_BYTES = 64 * 1024 ** 2;

/** The process, its rights, its directories and the daemon. */
export async function checkPlace(globals: Globals, manifests: string): Promise<Check[]> {
  return [
    checkNode(),
    await checkRights(),
    await checkAddon(),
    await checkDisk('disk', globals.root),
    await checkDirectory('manifests', manifests),
    await checkDaemon(globals),
  ];
}

function checkNode(): Check {
  const { node } = process.versions;
  return isAtLeast(node, OLDEST_NODE)
    ? ok('node', node)
    : fail('node', node, `tsctr needs Node ${OLDEST_NODE} or newer`);
}

/** capabilities(7): those that making a container needs. */
const CAPABILITIES: readonly (readonly [name: string, bit: number])[] = [
  ['CAP_CHOWN', 0],
  ['CAP_DAC_OVERRIDE', 1],
  ['CAP_SETGID', 6],
  ['CAP_SETUID', 7],
  ['CAP_NET_ADMIN', 12],
  ['CAP_SYS_CHROOT', 18],
  ['CAP_SYS_PTRACE', 19],
  ['CAP_SYS_ADMIN', 21],
  ['CAP_MKNOD', 27],
];

async function checkRights(): Promise<Check> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const missing = CAPABILITIES.filter(([, bit]) => (effective & (1n << BigInt(bit))) === 0n).map(
    ([name]) => name,
  );
  const uid = process.getuid?.() ?? -1;
  if (missing.length === 0)
    return ok('rights', uid === 0 ? 'root' : `user ${uid} with all capabilities needed`);
  if (uid === 0) {
    return fail(
      'rights',
      `root without ${missing.join(', ')}`,
      'run it outside of a container, or in a privileged one',
    );
  }
  return fail('rights', `user ${uid}`, 'run tsctr as root');
}

async function checkAddon(): Promise<Check> {
  try {
    const { createLinuxKernel } = await import('../../native/index.ts');
    createLinuxKernel();
    return ok('addon', 'loads');
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail('addon', message, 'build it: npm run build');
  }
}

async function checkDisk(name: string, path: string): Promise<Check> {
  const existing = await nearestExisting(path);
  const { bavail, bsize, ffree, files } = await statfs(existing);
  const free = bavail * bsize;
  const found = `${formatBytes(free)} free for ${path}`;
  if (free < TOO_FEW_BYTES) return fail(name, found, 'free some space, for instance with: tsctr image prune');
  if (free < FEW_BYTES) return warn(name, found, 'images may not fit; try: tsctr image prune');
  if (files > 0 && ffree < 1000)
    return warn(name, `${found}, ${ffree} inodes`, 'there are few inodes left; remove small files');
  return ok(name, found);
}

async function nearestExisting(path: string): Promise<string> {
  for (let here = path; here !== '/'; here = dirname(here)) {
    const found = await stat(here).catch(() => null);
    if (found !== null) return here;
  }
  return '/';
}

const OTHERS_MAY_WRITE = 0o022;

/** Whoever can write manifests is root on this host. */
async function checkDirectory(name: string, path: string): Promise<Check> {
  const found = await stat(path).catch(() => null);
  if (found === null) return ok(name, `${path} is not there; the daemon makes it`);
  if (!found.isDirectory()) return fail(name, `${path} is not a directory`, 'move it away');
  if (found.uid !== 0) return fail(name, `${path} belongs to user ${found.uid}`, `chown root ${path}`);
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) {
    return fail(name, `others than root can write to ${path}`, `chmod go-w ${path}`);
  }
  return ok(name, path);
}

async function checkDaemon({ run, root }: Globals): Promise<Check> {
  try {
    const service = await connectDaemon(socketPathOf(run), root);
    if (service === null) return ok('daemon', 'none runs; commands do the work themselves');
    const about = await service.about();
    await service.close();
    return ok('daemon', `pid ${about.pid}, version ${about.version}`);
  } catch (error) {
    const hint =
      error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : null;
    const found = error instanceof Error ? error.message : String(error);
    return warn('daemon', found, hint ?? 'restart it: systemctl restart tsctr');
  }
}
