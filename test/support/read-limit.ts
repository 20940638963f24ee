import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';

/** The controllers' files of both versions that hold one limit (cgroups(7)). */
const FILES = {
  memory: { v1: 'memory.limit_in_bytes', v2: 'memory.max' },
  pids: { v1: 'pids.max', v2: 'pids.max' },
} as const;

/** The limit that holds for the process: a number of bytes or of processes, `max` for none. */
export async function readLimit(pid: number, controller: keyof typeof FILES): Promise<string> {
  const layout = await readCgroupLayout();
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trimEnd().split('\n');
  const mount = layout.v1.get(controller);
  const line = lines.find((text) =>
    (text.split(':')[1] ?? '').split(',').includes(mount === undefined ? '' : controller),
  );
  const directory = path.join(mount ?? layout.unified ?? '', line?.split(':')[2] ?? '');
  const file = mount === undefined ? FILES[controller].v2 : FILES[controller].v1;
  return (await readFile(path.join(directory, file), 'utf8')).trim();
}
