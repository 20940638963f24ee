import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { sweep } from '../test/support/sweep.ts';
import { Podman } from './peers/podman.ts';
import { BareRuntime } from './peers/runc.ts';
import { Tsctr } from './peers/tsctr.ts';
import type { Row, SkippedRow } from './row.ts';
import type { Place } from './peers/place.ts';
import { Programs } from './run-program.ts';

/** What the benchmarks work with: every contender on directories of its own, with the same image. */
export interface Bench {
  directory: string;
  programs: Programs;
  runtime: string;
  /** With a daemon, from when one of the benchmarks starts it. */
  tsctr: Tsctr;
  /** Never with a daemon. */
  tsctrAlone: Tsctr;
  podman: Podman;
  floor: BareRuntime;
}

/** Measures one or more rows of the table. */
export interface Benchmark {
  /** The rows that it gives; each may be asked for. */
  names: readonly string[];
  run(bench: Bench): Promise<(Row | SkippedRow)[]>;
}

export const IMAGE = 'localhost/demo:1';

/** Makes everything below a new directory of /tmp, runs `body`, and takes it all away again, whatever happens. */
export async function withBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  // Short, since paths of sockets below it have at most 107 bytes; lower case, since podman makes names of images out of it.
  const directory = `/tmp/tb-${randomBytes(4).toString('hex')}`;
  await mkdir(directory, { mode: 0o700 });
  const bench = await openBench(directory).catch(async (error: unknown) => {
    await sweep(directory);
    throw error;
  });
  const interrupted = (signal: NodeJS.Signals): void => {
    void cleanUp(bench).finally(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    await loadImage(bench);
    await body(bench);
  } finally {
    await cleanUp(bench);
  }
}

async function openBench(directory: string): Promise<Bench> {
  const programs = new Programs(directory);
  // What is for one boot lies in memory, as on hosts whose /run is a tmpfs.
  const run = path.join(directory, 'run');
  await mkdir(run, { mode: 0o700 });
  await programs.run('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', run]);
  const place = (name: string): Place => ({ kept: path.join(directory, name), run: path.join(run, name) });
  const runtime = findProgram('runc');
  return {
    directory,
    programs,
    runtime,
    tsctr: await Tsctr.open(programs, place('t')),
    tsctrAlone: await Tsctr.open(programs, place('a')),
    podman: await Podman.open(programs, place('p'), runtime),
    floor: new BareRuntime(programs, place('f'), runtime),
  };
}

/** Everything that may be left: of a run that failed or was interrupted, containers as well. */
async function cleanUp({ directory, tsctr, tsctrAlone, podman, floor }: Bench): Promise<void> {
  await tsctr.stopDaemon();
  // Podman's storage knows mounts of its own, which have to go before its files.
  await podman.removeAll().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
  });
  await floor.removeAll();
  await sweep(directory, [tsctr.run, tsctrAlone.run]);
}

async function loadImage({ directory, programs, tsctr, tsctrAlone, podman }: Bench): Promise<void> {
  const archive = path.join(directory, 'image.tar');
  const script = path.resolve(import.meta.dirname, '../scripts/make-demo-image.mjs');
  await programs.run(process.execPath, [script, archive, '--name', IMAGE]);
  for (const peer of [tsctr, tsctrAlone]) await peer.command(['image', 'import', `oci-archive:${archive}`]);
  await podman.run(['load', '--input', archive]);
}

/** The absolute path of a program that stands in PATH. */
function findProgram(name: string): string {
  const places = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin');
  const found = places.map((place) => path.join(place, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`find ${name}: it is not in PATH; run \`npm run setup\``);
  return found;
}
