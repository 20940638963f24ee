import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { EngineParts } from '../../container/container-context.ts';
import type { CheckpointDetails } from '../../contract/checkpoint-details.ts';
import type { ContainerPaths } from '../../host-paths.ts';
import { CHECKPOINT_FILES, findCheckpointIn } from './checkpoint-record.ts';
import { discardCheckpoint, disownCheckpoint, retireCheckpoint } from './discard-checkpoint.ts';
import { forgetNetworkLock, releaseNetworkLock } from '../network-lock.ts';
import { planRetention } from './retention.ts';
import type { RetentionPolicy } from './retention.ts';

/** The number of the checkpoint that lies where there was room for only one. */
export const UNNUMBERED = 0;

/** Where the checkpoint of that number lies, or would lie. */
export function checkpointDirectory(
  paths: Pick<ContainerPaths, 'checkpoints' | 'unnumberedCheckpoint'>,
  id: number,
): string {
  return id === UNNUMBERED ? paths.unnumberedCheckpoint : path.join(paths.checkpoints, String(id));
}

/** The numbers of what lies there, complete or not, the highest first. */
async function idsIn(paths: ContainerPaths): Promise<number[]> {
  const names: string[] = existsSync(paths.checkpoints) ? await readdir(paths.checkpoints) : [];
  const ids = names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
  if (existsSync(paths.unnumberedCheckpoint)) ids.push(UNNUMBERED);
  return ids.sort((one, other) => other - one);
}

/** The complete ones, newest first. */
export async function listKept(paths: ContainerPaths): Promise<CheckpointDetails[]> {
  const ids = await idsIn(paths);
  const found = await Promise.all(ids.map((id) => findCheckpointIn(checkpointDirectory(paths, id), id)));
  return found.filter((details) => details !== null);
}

/** The complete one of that number, or the newest one. */
export async function findKept(paths: ContainerPaths, id?: number): Promise<CheckpointDetails | null> {
  if (id !== undefined) return findCheckpointIn(checkpointDirectory(paths, id), id);
  return (await listKept(paths))[0] ?? null;
}

/** The number for a new one: the one asked for, unless that would not be the highest. */
export async function nextId(paths: ContainerPaths, asked = 0): Promise<number> {
  const [highest = UNNUMBERED] = await idsIn(paths);
  return Math.max(asked, highest + 1);
}

/** Removes what the policy does not keep. Returns what is left, newest first. */
export async function keepByPolicy(
  parts: EngineParts,
  paths: ContainerPaths,
  policy: RetentionPolicy,
): Promise<CheckpointDetails[]> {
  const all = await listKept(paths);
  const { remove } = planRetention(
    all.map(({ id, createdAt, sizes, pinned }) => ({
      id: String(id),
      // By number, not by clock, which may have been set back.
      order: id,
      createdAtMs: Date.parse(createdAt),
      bytes: sizes.total,
      parent: null,
      pinned,
      complete: true,
    })),
    policy,
    Date.now(),
  );
  for (const { id } of remove) await discardCheckpoint(parts, checkpointDirectory(paths, Number(id)));
  const gone = new Set(remove.map(({ id }) => Number(id)));
  return all.filter(({ id }) => !gone.has(id));
}

/** Removes those that were of use only as long as the container's files stayed as they were. */
export async function discardOutrun(parts: EngineParts, paths: ContainerPaths): Promise<void> {
  for (const { repeatable, directory } of await listKept(paths)) {
    if (!repeatable) await discardCheckpoint(parts, directory);
  }
}

/** Likewise, without waiting for the bytes; those of `inUse` stay, with whoever reads them. */
export async function retireOutrun(
  parts: EngineParts,
  paths: ContainerPaths,
  inUse: string | null,
): Promise<void> {
  for (const { repeatable, directory } of await listKept(paths)) {
    if (repeatable) continue;
    await (directory === inUse ? disownCheckpoint(directory) : retireCheckpoint(parts, directory));
  }
}

/** Lets go of the connections of all of them: the container begins anew, or has gone on from the one in `restoredFrom`. */
export async function letConnectionsGo(
  parts: EngineParts,
  paths: ContainerPaths,
  restoredFrom: string | null = null,
): Promise<void> {
  if (restoredFrom !== null) await forgetNetworkLock(restoredFrom);
  for (const { directory } of await listKept(paths)) await releaseNetworkLock(parts, directory);
}

/** Removes what a removal that was interrupted has left. */
export async function discardRemains(parts: EngineParts, paths: ContainerPaths): Promise<void> {
  for (const id of await idsIn(paths)) {
    const directory = checkpointDirectory(paths, id);
    if (existsSync(path.join(directory, CHECKPOINT_FILES.record))) continue;
    await discardCheckpoint(parts, directory);
  }
}
