import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import type { OciSpec } from '../../schemas/index.ts';
import type { ContainerContext, EngineParts } from '../container/container-context.ts';
import { readLock, unlockNetwork } from '../criu/unlock-network.ts';
import type { NetworkLock } from '../criu/unlock-network.ts';
import { CHECKPOINT_FILES } from './kept/checkpoint-record.ts';
import { readAtOnce } from '../read-at-once.ts';

/**
 * In a checkpoint with connections: CRIU drops their packets until the restore, so that nobody tells the peers that the connections
 * are gone. It takes that away when it restores them, and when its dump fails; when they are never restored that is up to us.
 */
interface HeldLock extends NetworkLock {
  /** For notices. */
  container: string;
  /** A boot takes all of it away. */
  bootId: string;
}

const FILE = 'network-lock.json';

/** To be written before CRIU ends the processes. A network namespace of the container's own goes with it, rules and all. */
export async function noteNetworkLock(
  { parts, request, paths }: ContainerContext,
  { directory, pid }: { directory: string; pid: number },
): Promise<void> {
  const spec = JSON.parse(await readAtOnce(paths.config)) as OciSpec;
  const network = spec.linux.namespaces.find(({ type }) => type === 'network');
  if (network !== undefined && network.path === undefined) return;
  const held = await readLock(path.join(directory, CHECKPOINT_FILES.images), pid);
  if (held === null) return;
  const lock: HeldLock = {
    ...held,
    container: request.name,
    bootId: parts.facts.bootId,
    namespace: network?.path ?? null,
  };
  await writeFile(path.join(directory, FILE), JSON.stringify(lock), { mode: 0o600 });
}

/** CRIU has restored the connections, and has taken its rules away. */
export async function forgetNetworkLock(directory: string): Promise<void> {
  await rm(path.join(directory, FILE), { force: true });
}

/** Nobody will restore the connections. That the rules cannot be taken away is told, and ends nothing. */
export async function releaseNetworkLock(
  parts: Pick<EngineParts, 'facts' | 'runCommand' | 'notice'>,
  directory: string,
): Promise<void> {
  const lock = await readNote(directory);
  if (lock === null) return;
  const isThere = lock.namespace === null || existsSync(lock.namespace);
  if (lock.bootId === parts.facts.bootId && isThere) {
    try {
      await unlockNetwork(parts.runCommand, lock, path.join(directory, CHECKPOINT_FILES.images));
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string | null };
      parts.notice?.(lock.container, hint == null ? message : `${message}; ${hint}`);
    }
  }
  await forgetNetworkLock(directory);
}

async function readNote(directory: string): Promise<HeldLock | null> {
  try {
    return JSON.parse(await readAtOnce(path.join(directory, FILE))) as HeldLock;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
