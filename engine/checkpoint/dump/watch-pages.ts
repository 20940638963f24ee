import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import type { EngineParts } from '../../container/container-context.ts';
import type { PagesProgress } from '../../contract/checkpoint-options.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { cgroupMembers } from '../../cgroup/cgroup-members.ts';
import { readAtOnce } from '../../read-at-once.ts';

const STEP_MS = 50;

/** Runs a checkpoint, and tells meanwhile how much of the container's memory has been written. */
export async function watchPages<T>(
  parts: EngineParts,
  request: ContainerRequest,
  onProgress: ((progress: PagesProgress) => void) | undefined,
  run: () => Promise<T>,
): Promise<T> {
  if (onProgress === undefined) return run();
  const images = path.join(parts.paths.container(request.id).newCheckpoint, CHECKPOINT_FILES.images);
  const totalBytes = await memoryBytes(parts, request).catch(() => null);
  let last = 0;
  const look = (): void => {
    const bytes = pagesIn(images).reduce((sum, { size }) => sum + size, 0);
    if (bytes > last)
      onProgress({ bytes, totalBytes: totalBytes === null ? null : Math.max(totalBytes, bytes) });
    last = Math.max(last, bytes);
  };
  const timer = setInterval(look, STEP_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}

/** The files of pages that are being written, and their bytes so far; asked at once, as they are in memory. None while they are not there. */
export function pagesIn(images: string): { file: string; size: number }[] {
  try {
    const names = readdirSync(images).filter((name) => /^pages-\d+\.img$/.test(name));
    return names.map((name) => {
      const file = path.join(images, name);
      return { file, size: statSync(file).size };
    });
  } catch {
    return [];
  }
}

/** What CRIU will write, near enough: pages that come from no file. See proc_pid_status(5). */
export async function memoryBytes(parts: EngineParts, request: ContainerRequest): Promise<number | null> {
  const pids = cgroupMembers(parts, request);
  if (pids.length === 0) return null;
  const texts = await Promise.all(
    pids.map((pid) => readAtOnce(`/proc/${String(pid)}/status`).catch(() => '')),
  );
  return (
    texts.reduce((sum, text) => sum + kibibytes(text, 'RssAnon') + kibibytes(text, 'RssShmem'), 0) * 1024
  );
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
