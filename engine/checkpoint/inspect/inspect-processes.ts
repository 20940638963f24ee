import type { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import type { FdinfoEntry, FileEntry, MmEntry, PstreeEntry } from '../../criu/image/image-entry.ts';
import { describeInetSocket, describeUnixSocket } from '../../criu/image/socket-address.ts';
import type { InspectedProcess, OpenFile } from './inspection.ts';
import { readProcessTexts } from './process-text.ts';
import type { ProcessText } from './process-text.ts';

/** CRIU's numbers for them (its image.h). */
const STATES: Readonly<Record<number, InspectedProcess['state']>> = {
  1: 'running',
  2: 'dead',
  3: 'stopped',
  6: 'zombie',
};

export interface InspectProcessesOptions {
  files: ReadonlyMap<number, FileEntry>;
  /** Names of memfds, by their number. */
  memfds: ReadonlyMap<number, string>;
  /** Show the values of variables, which may be secrets. */
  environmentValues: boolean;
}

/** The process tree. Each has its children within it. */
export async function inspectProcesses(
  images: CheckpointImages,
  options: InspectProcessesOptions,
): Promise<InspectedProcess[]> {
  const entries = await images.processes();
  const mms = new Map<number, MmEntry>();
  for (const { pid } of entries) {
    const mm = await images.mm(pid);
    if (mm !== null) mms.set(pid, mm);
  }
  const texts = await readProcessTexts(images, mms);
  const roots: InspectedProcess[] = [];
  const byPid = new Map<number, InspectedProcess>();
  for (const entry of entries) {
    const mm = mms.get(entry.pid) ?? null;
    const process = await inspectProcess(images, { entry, mm, text: texts.get(entry.pid) ?? null }, options);
    byPid.set(entry.pid, process);
    // An entry never comes before that of its parent.
    (byPid.get(entry.ppid)?.children ?? roots).push(process);
  }
  return roots;
}

async function inspectProcess(
  images: CheckpointImages,
  { entry, mm, text }: { entry: PstreeEntry; mm: MmEntry | null; text: ProcessText | null },
  options: InspectProcessesOptions,
): Promise<InspectedProcess> {
  const { pid } = entry;
  const core = await images.core(pid);
  const creds = core.thread_core?.creds;
  const fs = await images.fs(pid);
  const environment = text?.environment ?? null;
  return {
    pid,
    command: core.tc?.comm ?? '',
    commandLine: text?.commandLine ?? null,
    executable: mm === null ? null : pathOf(options, mm.exe_file_id),
    state: STATES[core.tc?.task_state ?? 0] ?? 'unknown',
    threads: Math.max(1, entry.threads.length),
    uid: creds?.uid ?? null,
    gid: creds?.gid ?? null,
    memory: text?.memory ?? { mapped: 0, saved: 0, inParent: 0 },
    workingDirectory: fs === null ? null : pathOf(options, fs.cwd_id),
    environmentKeys: environment?.map((pair) => pair.split('=', 1)[0] ?? '') ?? null,
    ...(options.environmentValues && environment !== null
      ? { environment: Object.fromEntries(environment.map(splitPair)) }
      : {}),
    openFiles: await openFiles(images, pid, options),
    children: [],
  };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function pathOf({ files }: InspectProcessesOptions, id: number): string | null {
  return files.get(id)?.reg?.name ?? null;
}

async function openFiles(
  images: CheckpointImages,
  pid: number,
  options: InspectProcessesOptions,
): Promise<OpenFile[]> {
  const ids = await images.ids(pid);
  if (ids === null) return [];
  const descriptors = await images.descriptors(ids.files_id);
  return descriptors
    .map((descriptor) => ({
      fd: descriptor.fd,
      type: String(descriptor.type),
      description: describeFile(descriptor, options),
    }))
    .sort((one, other) => one.fd - other.fd);
}

function describeFile({ id, type }: FdinfoEntry, options: InspectProcessesOptions): string {
  const file = options.files.get(id);
  if (file?.reg !== undefined) return file.reg.name;
  if (file?.pipe !== undefined) return `pipe:[${String(file.pipe.pipe_id)}]`;
  if (file?.fifo !== undefined)
    return pathOf(options, file.fifo.regf_id ?? id) ?? `pipe:[${String(file.fifo.pipe_id)}]`;
  if (file?.isk !== undefined) {
    const { kind, local, remote, state } = describeInetSocket(file.isk);
    return `${kind} ${local}${remote === null ? '' : ` → ${remote}`} ${state}`;
  }
  if (file?.usk !== undefined) {
    const { kind, name, external } = describeUnixSocket(file.usk);
    return `unix ${kind} ${name ?? '(no name)'}${external ? ' to the outside' : ''}`;
  }
  if (file?.tty !== undefined) return pathOf(options, file.tty.regf_id ?? id) ?? 'a terminal';
  if (file?.memfd !== undefined) return `memfd:${options.memfds.get(file.memfd.inode_id) ?? ''}`;
  return String(type).toLowerCase();
}
