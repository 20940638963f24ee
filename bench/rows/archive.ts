import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Bench, Benchmark } from '../bench.ts';
import { IMAGE } from '../bench.ts';
import { compare } from '../compare.ts';
import type { Contender } from '../compare.ts';
import { findCriu, hogScript, isInSession, startHog, untilFull } from '../memory-hog.ts';
import { SplitTimes } from '../split-times.ts';
import { until } from '../until.ts';
import { containerManifest } from '../workload.ts';

const MIB = 64;
const ROUNDS = 3;
const WARM_UPS = 1;
const NAME = 'packed';
const TARGETS = [{ against: 'podman', ratio: 0.5 }];

/** A checkpoint to and from an archive, by the whole command. In between the container is removed, so that it comes from the archive alone. */
export const archive: Benchmark = {
  names: ['export', 'import'],
  async run(bench) {
    const criu = findCriu();
    if (criu === null) return ['export', 'import'].map((name) => ({ name, skipped: 'there is no criu' }));
    await bench.tsctr.startDaemon();
    const times = new SplitTimes();
    const contenders = [
      await tsctrContender(bench, times),
      podmanContender(bench, criu, times),
      floorContender(bench, criu, times),
    ];
    await compare(contenders, { rounds: ROUNDS, warmUps: WARM_UPS });
    const names = contenders.map(({ name }) => name);
    const base = { unit: 'ms', targets: TARGETS } as const;
    return [
      {
        ...base,
        name: 'export',
        what: `${MIB} MiB of memory to an archive (zstd)`,
        figures: times.figures(names, 'save', WARM_UPS),
        notes: [
          'The memory shrinks to about a third. criu: `dump`, then `tar` through `zstd`, of the same process outside of any container.',
        ],
      },
      {
        ...base,
        name: 'import',
        what: `${MIB} MiB of memory from an archive, until it runs`,
        figures: times.figures(names, 'load', WARM_UPS),
        notes: ['tsctr, podman: the container has been removed before, and is made anew.'],
      },
    ];
  },
};

async function tsctrContender({ tsctr, directory }: Bench, times: SplitTimes): Promise<Contender> {
  const manifest = path.join(directory, `${NAME}.yaml`);
  const file = path.join(directory, 'tsctr.tar.zst');
  await writeFile(manifest, containerManifest(NAME, { command: ['sh', '-c', hogScript(MIB, 'mixed')] }));
  return {
    name: 'tsctr',
    before: async () => {
      await tsctr.command(['apply', '-f', manifest, '--wait']);
      await untilFull(MIB);
    },
    run: () =>
      times.measure('tsctr', {
        save: () => tsctr.command(['checkpoint', NAME, '--export', file]),
        between: () => tsctr.command(['delete', '-f', manifest]),
        load: () => tsctr.command(['restore', file, '--name', NAME, '-f', manifest]),
      }),
    check: () => untilFull(MIB),
    after: async () => {
      await tsctr.command(['delete', '-f', manifest]);
      await rm(file);
    },
  };
}

function podmanContender({ podman, directory }: Bench, criu: string, times: SplitTimes): Contender {
  const file = path.join(directory, 'podman.tar.zst');
  // podman and runc look for criu in PATH alone.
  const env = { PATH: `${path.dirname(criu)}:${process.env['PATH'] ?? ''}` };
  const remove = () => podman.run(['rm', '--force', '--time', '0', NAME]);
  return {
    name: 'podman',
    before: async () => {
      const options = ['--detach', '--name', NAME, '--network', 'none'];
      await podman.run(['run', ...options, IMAGE, 'sh', '-c', hogScript(MIB, 'mixed')]);
      await untilFull(MIB);
    },
    run: () =>
      times.measure('podman', {
        save: () =>
          podman.run(['container', 'checkpoint', '--compress', 'zstd', '--export', file, NAME], { env }),
        between: remove,
        load: () => podman.run(['container', 'restore', '--import', file], { env }),
      }),
    check: () => untilFull(MIB),
    after: async () => {
      await remove();
      await rm(file);
    },
  };
}

/** What is beneath both: CRIU, and one compressed archive of its images. */
function floorContender({ directory, programs }: Bench, criu: string, times: SplitTimes): Contender {
  const images = path.join(directory, 'packed-images');
  const file = path.join(directory, 'criu.tar.zst');
  let pid = -1;
  const empty = async () => {
    await rm(images, { recursive: true, force: true });
    await mkdir(images);
  };
  return {
    name: 'criu, tar, zstd',
    before: async () => {
      await empty();
      pid = startHog(MIB, 'mixed');
      await untilFull(MIB);
    },
    run: () =>
      times.measure('criu, tar, zstd', {
        save: async () => {
          await programs.run(criu, ['dump', '--tree', String(pid), '--images-dir', images]);
          await programs.run('tar', ['--create', '--zstd', '--file', file, '--directory', images, '.']);
        },
        between: async () => {
          // Their numbers have to be free again, which is up to who has inherited the dead.
          await until(() => !isInSession(pid), `session ${pid} is empty`);
          await empty();
        },
        load: async () => {
          await programs.run('tar', ['--extract', '--zstd', '--file', file, '--directory', images]);
          await programs.run(criu, ['restore', '--restore-detached', '--images-dir', images]);
        },
      }),
    check: () => untilFull(MIB),
    after: async () => {
      // The leader of its own process group, with all that it has started.
      process.kill(-pid, 'SIGKILL');
      await rm(images, { recursive: true });
      await rm(file);
    },
  };
}
