import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { checkContainerProcess } from '../container-process.ts';
import { cpuPercent, memoryBytes, monitorsBelow } from '../process-cost.ts';
import type { Figure, Row } from '../row.ts';
import { COMMAND, containerManifest, namesOf } from '../workload.ts';

const SIZES = [10, 100, 500] as const;
/** Podman takes part up to this many. */
const PODMAN_SIZE = 100;
const NO_OP_ROUNDS = 5;
const IDLE_MS = 10_000;
const MIB = 2 ** 20;

/** Grows one instance step by step, and measures at each size what a start, doing nothing and being there costs. */
export const scale: Benchmark = {
  names: ['get', 'no-op', 'idle', 'scale'],
  async run(bench) {
    const { tsctr, directory } = bench;
    await tsctr.startDaemon();
    const manifests = path.join(directory, 'scale');
    const costs: Figure[] = [];
    const memory: Figure[] = [];
    const rows: Row[] = [];
    let present = 0;
    for (const size of SIZES) {
      costs.unshift(await growTo(bench, manifests, { present, size }));
      present = size;
      const bytes = memoryBytes([tsctr.daemonPid]);
      memory.unshift({ contender: `daemon with ${size}`, samples: [bytes / MIB] });
      if (size === PODMAN_SIZE) rows.push(...(await compareWithPodman(bench, manifests)));
      if (size > PODMAN_SIZE) rows.push(await noOp(bench, manifests, size));
    }
    await tsctr.command(['delete', '-R', '-f', manifests]);
    return [
      ...rows,
      {
        name: 'scale',
        what: 'time for each container, while there are more and more',
        unit: 'ms',
        figures: costs,
        targets: [{ against: '11 to 100', ratio: 1.3 }],
        notes: ['One apply for each step, divided by the containers that it adds.'],
      },
      { name: 'scale', what: 'memory of the daemon', unit: 'MiB', figures: memory, targets: [], notes: [] },
    ];
  },
};

/** Applies until there are `size` containers. Returns the milliseconds for each that came. */
async function growTo(
  { tsctr }: Bench,
  manifests: string,
  { present, size }: { present: number; size: number },
): Promise<Figure> {
  const added = namesOf('scale', size).slice(present);
  // Each step is a directory of its own, so that an apply of it looks at nothing else.
  const step = path.join(manifests, String(size));
  await mkdir(step, { recursive: true });
  for (const name of added) await writeFile(path.join(step, `${name}.yaml`), containerManifest(name));
  const startedMs = performance.now();
  await tsctr.command(['apply', '-f', step, '--wait', '5m']);
  const tookMs = performance.now() - startedMs;
  for (const name of added) await checkContainerProcess(await tsctr.pidOf(name), { args: COMMAND });
  return { contender: `${present + 1} to ${size}`, samples: [tookMs / added.length] };
}

async function compareWithPodman(bench: Bench, manifests: string): Promise<Row[]> {
  const { podman, tsctr } = bench;
  const names = namesOf('idle', PODMAN_SIZE);
  for (const name of names) {
    await podman.run(['run', '--detach', '--name', name, '--network', 'none', IMAGE, ...COMMAND]);
  }
  const rows = [await list(bench), await noOp(bench, manifests, PODMAN_SIZE), ...(await idle(bench))];
  await podman.run(['rm', '--force', '--time', '0', ...names]);
  // What it cost must not weigh on what follows.
  if ((await monitorsBelow(tsctr.run)).length !== PODMAN_SIZE) throw new Error('a container of tsctr ended');
  return rows;
}

/** Lists what there is. */
async function list({ tsctr, podman }: Bench): Promise<Row> {
  const ours = {
    name: 'tsctr',
    run: async () => {
      checkCount('tsctr get', await tsctr.command(['get', '--no-headers']));
      return undefined;
    },
  };
  return {
    name: 'get',
    what: `the table of ${PODMAN_SIZE} containers`,
    unit: 'ms',
    figures: await compare([ours, podmanPs(podman)], { rounds: NO_OP_ROUNDS }),
    targets: [{ atMost: 250 }],
    notes: [],
  };
}

function podmanPs(podman: Bench['podman']): Contender {
  return {
    name: 'podman ps',
    run: async () => {
      checkCount('podman ps', await podman.run(['ps', '--noheading']));
      return undefined;
    },
  };
}

function checkCount(command: string, output: string): void {
  const lines = output.trimEnd().split('\n').length;
  if (lines !== PODMAN_SIZE)
    throw new Error(`${command}: shows ${lines} containers, expected ${PODMAN_SIZE}`);
}

/** Applies again what is as wished. */
async function noOp({ tsctr, podman, programs }: Bench, manifests: string, size: number): Promise<Row> {
  const files = (await readdir(manifests, { recursive: true })).filter((name) => name.endsWith('.yaml'));
  const paths = files.map((name) => path.join(manifests, name));
  const apply = {
    name: 'tsctr',
    run: async () => {
      const said = await tsctr.command(['apply', '-R', '-f', manifests, '--wait']);
      if (!said.includes(`0 changed, ${size} unchanged`))
        throw new Error(`no-op: tsctr changed something: ${said}`);
      return undefined;
    },
  };
  const read = {
    name: 'cat',
    run: async () => {
      await programs.run('cat', paths);
      return undefined;
    },
  };
  const contenders = size === PODMAN_SIZE ? [apply, podmanPs(podman), read] : [apply, read];
  return {
    name: `no-op`,
    what: `apply again, ${size} containers`,
    unit: 'ms',
    figures: await compare(contenders, { rounds: NO_OP_ROUNDS }),
    targets: size === 500 ? [{ atMost: 300 }] : [],
    notes:
      size === PODMAN_SIZE
        ? ['podman has no such command; `podman ps` only lists. cat: reads the manifests.']
        : [],
  };
}

/** What being there costs while nothing happens. */
async function idle({ tsctr, directory }: Bench): Promise<Row[]> {
  const ours = await monitorsBelow(tsctr.run);
  const theirs = await monitorsBelow(path.join(directory, 'p'));
  if (ours.length !== theirs.length) {
    throw new Error(`idle: ${ours.length} monitors of tsctr, ${theirs.length} of podman`);
  }
  const all = [tsctr.daemonPid, ...ours];
  const [daemonPercent, ourPercent, theirPercent] = await Promise.all([
    cpuPercent([tsctr.daemonPid], IDLE_MS),
    cpuPercent(all, IDLE_MS),
    cpuPercent(theirs, IDLE_MS),
  ]);
  const figure = (contender: string, value: number): Figure => ({ contender, samples: [value] });
  const what = `with ${PODMAN_SIZE} containers`;
  return [
    {
      name: 'idle',
      what: `memory (PSS) ${what}`,
      unit: 'MiB',
      figures: [
        figure('tsctr: daemon and conmon', memoryBytes(all) / MIB),
        figure('tsctr: conmon', memoryBytes(ours) / MIB),
        figure('podman: conmon', memoryBytes(theirs) / MIB),
      ],
      targets: [],
      notes: [
        'podman has no daemon: what restarts and probes its containers is systemd, which is not counted.',
      ],
    },
    {
      name: 'idle',
      what: `CPU ${what}`,
      unit: '% of a CPU',
      figures: [
        figure('tsctr: daemon and conmon', ourPercent),
        figure('tsctr: daemon', daemonPercent),
        figure('podman: conmon', theirPercent),
      ],
      targets: [],
      notes: [],
    },
  ];
}
