import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { EngineParts } from '../../container/container-context.ts';
import { preDump, startDump } from '../../criu/dump.ts';
import type { DumpRequest } from '../../criu/dump.ts';
import type { CriuProgram } from '../../criu/features.ts';
import { EngineError } from '../../engine-error.ts';
import { CHECKPOINT_FILES } from '../kept/checkpoint-record.ts';
import { markInterruptible } from '../kept/keep-checkpoint.ts';

/** One copy of memory that is made while the container goes on. */
export interface PreDump {
  /** Name of its directory, in that of the checkpoint. */
  name: string;
  /** The copy before it, as CRIU is told: relative to the directory of its own images. */
  parent: string | null;
}

/** The copies, in their order; each holds what has changed since the one before it. */
export function planPreDumps(count: number): PreDump[] {
  return Array.from({ length: count }, (_, index) => ({
    name: preDumpName(index + 1),
    parent: index === 0 ? null : `../${preDumpName(index)}`,
  }));
}

/** What the dump itself builds on, relative to its images. */
export function parentOfDump(count: number): string | null {
  return count === 0 ? null : `../${preDumpName(count)}`;
}

function preDumpName(number: number): string {
  return `${CHECKPOINT_FILES.preDump}${String(number)}`;
}

/** Refuses pre-dumps before anything is done where the kernel does not say which pages have changed. */
export async function requireMemoryTracking(
  criu: Pick<CriuProgram, 'features'>,
  count: number,
  operation: string,
): Promise<void> {
  if (count === 0 || (await criu.features()).mem_track) return;
  throw new EngineError(
    'HOST_UNSUITABLE',
    `${operation}: memory cannot be copied while it runs (preDumps: ${String(count)}): this kernel does not tell CRIU which pages have changed`,
    {
      hint: 'boot a kernel with CONFIG_MEM_SOFT_DIRTY, or leave preDumps out: the container then stands still for all of its memory',
    },
  );
}

export interface PreDumpJob {
  /** Of the checkpoint. */
  directory: string;
  count: number;
  /** As for the dump itself. */
  dump: Omit<DumpRequest, 'imagesDirectory' | 'workDirectory' | 'parentImages' | 'leaveRunning'>;
  mark: { wasPaused: boolean; bootId: string; id: number };
  /** Ends one after the other. */
  onLap: () => void;
}

/** Makes them, each by a CRIU of its own. The container stands still only while CRIU looks at its page tables. */
export async function makePreDumps(parts: EngineParts, criu: CriuProgram, job: PreDumpJob): Promise<void> {
  const knowledge = criu.knowledge(parts.facts.bootId);
  for (const { name, parent } of planPreDumps(job.count)) {
    const directory = path.join(job.directory, name);
    await mkdir(directory, { mode: 0o700 });
    const process = startDump(parts.kernel, criu.path, { knowledge: knowledge.file });
    try {
      await markInterruptible(job.directory, { ...job.mark, criuPid: process.pid });
      parts.observeEffect('checkpoint.pre-dump', 'before');
      await preDump(parts.kernel, process, {
        ...job.dump,
        imagesDirectory: directory,
        workDirectory: directory,
        leaveRunning: true,
        // It stops the processes one by one, and lets them go on at once.
        freezerDirectory: null,
        ...(parent === null ? {} : { parentImages: parent }),
      });
      parts.observeEffect('checkpoint.pre-dump', 'after');
    } finally {
      await process.end();
    }
    job.onLap();
  }
}
