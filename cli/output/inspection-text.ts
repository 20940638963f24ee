import type { InspectedProcess, Inspection } from '../../engine/index.ts';
import { formatBytes } from './bytes.ts';
import { printableLine } from './printable.ts';

/** What is in a checkpoint, on a page. Names in it are the choice of whoever made it: nothing of them reaches the terminal raw. */
export function formatInspection(inspection: Inspection): string {
  const { container, host, engine, layout, path } = inspection;
  const made = [container.createdAt, `by ${engine}`, host.criu === null ? null : `CRIU ${host.criu}`];
  const lines = [
    row('Checkpoint', `${path} (${layout})`),
    row('Made', made.filter((part) => part !== null).join(', ')),
    row('Container', container.name),
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
    ...section('Sockets', inspection.sockets, (socket) => JSON.stringify(socket)),
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

function sizesText({ sizes }: Inspection): string {
  return Object.entries(sizes)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0)
    .map(([what, bytes]) => `${what} ${formatBytes(bytes)}`)
    .join(', ');
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
