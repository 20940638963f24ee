import type { InspectedProcess, InspectedSocket, Inspection } from '../../engine/index.ts';
import { formatBytes } from './bytes.ts';
import { printableLine } from './printable.ts';

/** What is in a checkpoint, on a page. Names in it are the choice of whoever made it: nothing of them reaches the terminal raw. */
export function formatInspection(inspection: Inspection): string {
  const { container, host, engine, layout, path } = inspection;
  const made = [inspection.madeAt, `by ${engine}`, host.criu === null ? null : `CRIU ${host.criu}`];
  const lines = [
    row('Checkpoint', `${path} (${layout})`),
    row('Made', made.filter((part) => part !== null).join(', ')),
    row('Container', containerText(container)),
    row('Image', container.image),
    row('Host', [host.architecture, host.kernel].filter((part) => part !== null).join(', ')),
    row('Size', sizesText(inspection)),
    row('Needs', needsText(inspection)),
    'Processes:',
    ...inspection.processes.flatMap((process) => processLines(process, '  ')),
    ...section(
      'Mounts',
      inspection.mounts,
      ({ destination, type, external }) =>
        `${destination}  ${type}${external === null ? '' : '  from the host'}`,
    ),
    ...section('Sockets', inspection.sockets, socketText),
    ...section('Changed files', inspection.rootfsChanges.first, ({ path, type, sizeBytes }) =>
      type === 'file' ? `${path}  ${formatBytes(sizeBytes)}` : `${path}  ${type}`,
    ),
    ...section('Deleted files', inspection.deletedFiles, (file) => file),
  ];
  return lines
    .filter((line) => line !== '')
    .map((line) => `${printableLine(line)}\n`)
    .join('');
}

function row(label: string, value: string | null): string {
  return value === null || value === '' ? '' : `${`${label}:`.padEnd(12)}${value}`;
}

function section<T>(title: string, items: readonly T[], text: (item: T) => string): string[] {
  return items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  ${text(item)}`)];
}

function containerText({ name, createdAt }: Inspection['container']): string | null {
  return [name, createdAt === null ? null : `created ${createdAt}`]
    .filter((part) => part !== null)
    .join(', ');
}

function sizesText({ sizes }: Inspection): string {
  const { total, images, memoryPages, rootfsDiff, sharedMemory, volumes } = sizes;
  const parts: [string, number][] = [
    ['images', images],
    ['memory', memoryPages],
    ['changed files', rootfsDiff],
    ['/dev/shm', sharedMemory],
    ...Object.entries(volumes).map(([name, bytes]): [string, number] => [`volume ${name}`, bytes]),
  ];
  const listed = parts
    .filter(([, bytes]) => bytes > 0)
    .map(([what, bytes]) => `${what} ${formatBytes(bytes)}`);
  return [formatBytes(total), ...listed].join(', ');
}

/** `tcp 10.0.0.1:80 → 10.0.0.2:4711 established`, `unix stream /run/a.sock listening, its other end is outside`. */
function socketText(socket: InspectedSocket): string {
  if (socket.family === 'inet') {
    const remote = socket.remote === null ? '' : ` → ${socket.remote}`;
    return `${socket.kind} ${socket.local}${remote}  ${socket.state}`;
  }
  const outside = socket.external ? ', its other end is outside' : '';
  return `unix ${socket.kind} ${socket.name ?? '(unnamed)'}  ${socket.state}${outside}`;
}

function needsText({ needs }: Inspection): string {
  return Object.entries(needs)
    .filter(([, isNeeded]) => isNeeded)
    .map(([what]) => what)
    .join(', ');
}

function processLines(process: InspectedProcess, indent: string): string[] {
  const { pid, command, commandLine, state, threads, memory, children } = process;
  const words = (commandLine ?? [command]).join(' ');
  const facts = [
    ...(state === 'running' ? [] : [state]),
    ...(threads > 1 ? [`${String(threads)} threads`] : []),
    formatBytes(memory.saved + memory.inParent),
  ];
  return [
    `${indent}${String(pid)}  ${words}  (${facts.join(', ')})`,
    ...children.flatMap((child) => processLines(child, `${indent}  `)),
  ];
}
