import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { completeHosts, parseFibTrie, parseIfInet6 } from '../files/late-names.ts';
import { createContext, usesHostNetwork } from './container-context.ts';
import { readProcess } from './container-process.ts';
import type { EngineParts } from './container-context.ts';
import { ownNames, resolvConfText } from './provide-names.ts';
import { underFileLock } from './shared-files.ts';

/**
 * Brings hosts and resolv.conf up to what the container's network namespace has by now: a runtime that makes the namespace
 * itself, and hooks, give it its addresses only when the container is created. The files stay the same ones, for they are
 * mounted. Does nothing where there is no address, or where it stands there already.
 */
export async function completeNames(
  parts: EngineParts,
  request: ContainerRequest,
  pid: number | null,
): Promise<void> {
  if (pid === null || usesHostNetwork(request)) return;
  const addresses = await addressesOf(pid);
  if (addresses.length === 0) return;
  const { shared, file } = placesOf(parts, request);
  const all = ownNames(request);
  // In a pod the address has the pod's name; the members' own stand for loopback, as they share it.
  const names = shared ? all.slice(0, 1) : all;
  await rewrite(parts, file('hosts'), (text) =>
    Promise.resolve(completeHosts(text, { addresses, names, keepLoopback: shared })),
  );
  // Servers that are reached by IPv6 were left out until now.
  if (hasIpv6(addresses))
    await rewrite(parts, file('resolv.conf'), () => resolvConfText(request, { ipv6: true }));
}

/** Brings the resolv.conf that is mounted in a running container up to what the manifest and the host say now. */
export async function updateNameservers(parts: EngineParts, request: ContainerRequest): Promise<void> {
  if (request.spec.useImageResolvConf === true) return;
  const identity = await readProcess(parts.paths.container(request.id));
  if (identity === null) return;
  const ipv6 = hasIpv6(await addressesOf(identity.pid));
  await rewrite(parts, placesOf(parts, request).file('resolv.conf'), () => resolvConfText(request, { ipv6 }));
}

/** The provided files: the pod's, where its members share them, or the container's own. */
function placesOf(
  parts: EngineParts,
  request: ContainerRequest,
): { shared: boolean; file: (name: 'hosts' | 'resolv.conf') => string } {
  const { paths, pod } = createContext(parts, request);
  if (pod !== null && request.pod?.shared.includes('net') === true) {
    return { shared: true, file: (name) => path.join(pod.files, name) };
  }
  return { shared: false, file: (name) => path.join(paths.files, `etc-${name}`) };
}

function hasIpv6(addresses: readonly string[]): boolean {
  return addresses.some((address) => address.includes(':'));
}

async function addressesOf(pid: number): Promise<string[]> {
  const read = (name: string): Promise<string> =>
    readFile(`/proc/${String(pid)}/net/${name}`, 'utf8').catch(() => '');
  const [trie, inet6] = await Promise.all([read('fib_trie'), read('if_inet6')]);
  return [...parseFibTrie(trie), ...parseIfInet6(inet6)];
}

/**
 * Puts another text into the same file: by one write, with what is too long filled up by newlines until it is cut off, so that a
 * reader in a container never finds half a line. A file that was not provided is left out.
 */
async function rewrite(
  { kernel }: EngineParts,
  file: string,
  change: (text: string) => Promise<string>,
): Promise<void> {
  const handle = await open(file, constants.O_RDWR).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (handle === null) return;
  try {
    await underFileLock(kernel, handle, file, async () => {
      const before = await readFile(file, 'utf8');
      const after = await change(before);
      if (after === before) return;
      const [old, next] = [Buffer.from(before), Buffer.from(after)];
      const filled = Buffer.concat([next, Buffer.alloc(Math.max(0, old.length - next.length), '\n')]);
      await handle.write(filled, 0, filled.length, 0);
      if (filled.length > next.length) await handle.truncate(next.length);
    });
  } finally {
    await handle.close();
  }
}
