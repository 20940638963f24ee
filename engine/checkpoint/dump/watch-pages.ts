import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import type { EngineParts } from '../../container/container-context.ts';
import type { PagesProgress } from '../../contract/checkpoint-options.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { procsFiles } from '../restore/kill-leftovers.ts';

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
  const look = async (): Promise<void> => {
    const bytes = await writtenPages(images).catch(() => 0);
    if (bytes > last)
      onProgress({ bytes, totalBytes: totalBytes === null ? null : Math.max(totalBytes, bytes) });
    last = Math.max(last, bytes);
  };
  const timer = setInterval(() => void look(), STEP_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}

async function writtenPages(images: string): Promise<number> {
  const names = (await readdir(images)).filter((name) => /^pages-\d+\.img$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(images, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What CRIU will write, near enough: pages that come from no file. See proc_pid_status(5). */
export async function memoryBytes(parts: EngineParts, request: ContainerRequest): Promise<number | null> {
  const [file] = procsFiles(parts, request);
  if (file === undefined) return null;
  const pids = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  return (
    texts.reduce((sum, text) => sum + kibibytes(text, 'RssAnon') + kibibytes(text, 'RssShmem'), 0) * 1024
  );
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
