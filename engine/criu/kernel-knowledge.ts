import { existsSync, statSync } from 'node:fs';
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { TMPFS_MAGIC } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';

const PREFIX = 'criu-kdat-';

/**
 * CRIU asks the kernel some hundred questions at each start, for 20 to 50 ms, unless it finds the answers in /run/criu.kdat,
 * which it writes only where /run is a tmpfs. Elsewhere it gets a /run of its own from our launcher, and the answers are
 * kept here in between, for this CRIU and this boot.
 */
export interface KernelKnowledge {
  /** Where they are kept, whether they are there yet or not; null where CRIU keeps them itself. */
  readonly file: string | null;
  /** Takes them from a CRIU that works: it has them by its first question. */
  learnFrom(criuPid: number): Promise<void>;
}

export function createKernelKnowledge(
  kernel: Kernel,
  options: { criu: string; bootId: string; directory: string },
): KernelKnowledge {
  if (kernel.statfs('/run').type === TMPFS_MAGIC) return { file: null, learnFrom: () => Promise.resolve() };
  const { size, mtimeMs } = statSync(options.criu);
  const name = `${PREFIX}${options.bootId.slice(0, 8)}-${size.toString(36)}-${Math.round(mtimeMs).toString(36)}`;
  const file = path.join(options.directory, name);
  const isKnown = existsSync(file);
  return {
    file,
    async learnFrom(criuPid) {
      if (isKnown) return;
      // Only a cache: where it cannot be kept, CRIU asks again.
      await learn(file, `/proc/${String(criuPid)}/root/run/criu.kdat`).catch(() => undefined);
    },
  };
}

async function learn(file: string, source: string): Promise<void> {
  if ((await stat(source)).size === 0) return;
  const directory = path.dirname(file);
  for (const name of await readdir(directory)) {
    if (name.startsWith(PREFIX)) await rm(path.join(directory, name), { force: true });
  }
  await copyFile(source, `${file}.new`);
  await rename(`${file}.new`, file);
}
