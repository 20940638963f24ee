import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { CgroupLayout } from './cgroup-layout.ts';

/**
 * Freezes and thaws every process of a cgroup: `cgroup.freeze` (cgroup v2, Documentation/admin-guide/cgroup-v2.rst) or
 * `freezer.state` (v1, freezer-subsystem.rst).
 */
export async function setFrozen(layout: CgroupLayout, cgroupPath: string, frozen: boolean): Promise<void> {
  const files = freezerFiles(layout, cgroupPath);
  if (files === null) {
    throw new EngineError('HOST_UNSUITABLE', `freeze ${cgroupPath}: this host has no cgroup freezer`, {
      hint: 'mount the version 1 freezer controller, or boot with cgroup v2',
    });
  }
  await writeFile(files.control, files.words[frozen ? 'frozen' : 'thawed']);
  const deadline = performance.now() + FREEZE_TIMEOUT_MS;
  while (readFrozen(files) !== frozen) {
    if (performance.now() > deadline) {
      await writeFile(files.control, files.words.thawed);
      throw new EngineError(
        'TIMED_OUT',
        `freeze ${cgroupPath}: not frozen after ${String(FREEZE_TIMEOUT_MS)} ms; thawed again`,
      );
    }
    // The kernel freezes within a millisecond or two; version 1 has no event for it.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** True while the cgroup is frozen; false when it does not exist. */
export function isFrozen(layout: CgroupLayout, cgroupPath: string): boolean {
  const files = freezerFiles(layout, cgroupPath);
  if (files === null) return false;
  try {
    return readFrozen(files);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return false;
    throw error;
  }
}

/** The directory in which the cgroup's freezer is; null when this host has none. */
export function freezerDirectory(layout: CgroupLayout, cgroupPath: string): string | null {
  const files = freezerFiles(layout, cgroupPath);
  return files === null ? null : path.dirname(files.control);
}

const FREEZE_TIMEOUT_MS = 10_000;

interface FreezerFiles {
  control: string;
  status: string;
  words: { frozen: string; thawed: string };
  isFrozen: (text: string) => boolean;
}

function freezerFiles(layout: CgroupLayout, cgroupPath: string): FreezerFiles | null {
  const v1 = layout.v1.get('freezer');
  if (v1 !== undefined) {
    const file = path.join(v1, cgroupPath, 'freezer.state');
    return {
      control: file,
      status: file,
      words: { frozen: 'FROZEN', thawed: 'THAWED' },
      isFrozen: (text) => text.trim() === 'FROZEN',
    };
  }
  if (layout.unified === null) return null;
  const directory = path.join(layout.unified, cgroupPath);
  return {
    control: path.join(directory, 'cgroup.freeze'),
    status: path.join(directory, 'cgroup.events'),
    words: { frozen: '1', thawed: '0' },
    isFrozen: (text) => /^frozen 1$/m.test(text),
  };
}

/** At once, as with /proc: the kernel answers from memory, and every look at every container asks. */
function readFrozen(files: FreezerFiles): boolean {
  return files.isFrozen(readFileSync(files.status, 'utf8'));
}
