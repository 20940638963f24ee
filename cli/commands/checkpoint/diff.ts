import type { InspectedProcess, Inspection } from '../../../engine/index.ts';
import type { CommandSpec } from '../../command-line/command.ts';
import { EXIT } from '../../command-line/exit-code.ts';
import { formatBytes } from '../../output/bytes.ts';
import { formatJson } from '../../output/json.ts';
import { printableLine } from '../../output/printable.ts';
import { inspectNamed } from './find-checkpoint.ts';

/** One thing that is not the same in both. Null: not there. */
interface Difference {
  what: string;
  from: string | null;
  to: string | null;
}

export const diff: CommandSpec = {
  description: 'What is different in the second: processes, their memory, mounts, sockets and files.',
  arguments: [
    { name: '<one>', description: 'web, web@3, or a path', completes: 'resource' },
    { name: '<other>', description: 'web, web@3, or a path' },
  ],
  outputs: ['json'],
  examples: ['tsctr checkpoint diff web@2 web@3', 'tsctr checkpoint diff web ./web-before.tar.zst'],
  run: async (invocation) => {
    const { io, globals, args } = invocation;
    const look = (word: string) => inspectNamed(invocation, word, { environmentValues: false });
    const differences = compare(factsOf(await look(args[0] ?? '')), factsOf(await look(args[1] ?? '')));
    if (globals.output === 'json') io.out(formatJson(differences));
    else {
      for (const { what, from, to } of differences) {
        io.out(`${printableLine(`${what}: ${from ?? '(not there)'} → ${to ?? '(not there)'}`)}\n`);
      }
      if (differences.length === 0) io.out('no difference\n');
    }
    return EXIT.asWished;
  },
};

function factsOf(inspection: Inspection): Map<string, string> {
  const { container, host, mounts, sockets, rootfsChanges, deletedFiles } = inspection;
  return new Map([
    ...named('container', container.name),
    ...named('image', container.imageId ?? container.image),
    ...named('kernel', host.kernel),
    ...named('CRIU', host.criu),
    ...inspection.processes.flatMap(processFacts),
    ...mounts.map(({ destination, type }): [string, string] => [`mount ${destination}`, type]),
    ...sockets.map((socket): [string, string] => [`socket ${JSON.stringify(socket)}`, 'there']),
    ...rootfsChanges.first.map((file): [string, string] => [`changed file ${JSON.stringify(file)}`, 'there']),
    ...deletedFiles.map((file): [string, string] => [`deleted file ${file}`, 'there']),
  ]);
}

function named(what: string, value: string | null): [string, string][] {
  return value === null ? [] : [[what, value]];
}

function processFacts(process: InspectedProcess): [string, string][] {
  const { pid, command, commandLine, state, threads, memory, openFiles, children } = process;
  const what = `process ${String(pid)}`;
  return [
    [what, (commandLine ?? [command]).join(' ')],
    [`${what} state`, state],
    [`${what} threads`, String(threads)],
    [`${what} memory`, formatBytes(memory.saved + memory.inParent)],
    ...openFiles.map(({ fd, type, description }): [string, string] => [
      `${what} descriptor ${String(fd)}`,
      `${type} ${description}`,
    ]),
    ...children.flatMap(processFacts),
  ];
}

function compare(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): Difference[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((what) => ({ what, from: one.get(what) ?? null, to: other.get(what) ?? null }))
    .filter(({ from, to }) => from !== to);
}
