import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Contender } from '../compare.ts';
import { checkContainerProcess, checkProcess } from '../container-process.ts';
import { BareCriu } from '../peers/criu.ts';
import { untilGone } from '../peers/runc.ts';
import { until } from '../until.ts';
import { cgroupMounts, dumpedMounts, restoredMounts } from './external-mounts.ts';
import type { HostMount } from './external-mounts.ts';
import { hogCommand, isInSession, startHog, untilFull } from './memory-hog.ts';
import type { Race } from './race.ts';

/** What the floor does besides, where it is measured against more than a dump and a restore. */
export interface CriuFloor {
  name: string;
  /** With the images that have been made. */
  pack?: (images: string) => Promise<unknown>;
  /** Before the images are read, which are gone by then. */
  unpack?: (images: string) => Promise<unknown>;
  /** The network namespace of the container is not saved, and comes back empty. */
  leavesNetworkOut?: boolean;
}

/**
 * The floor of all that saves containers: `criu dump` and `criu restore` of a container that runc has made from the config.json of the
 * engine's own, with the same namespaces, mounts, cgroups and filter. CRIU has its defaults, and besides only what it cannot work
 * without: `--external` for each mount that comes from the host (bind mounts, the version 1 cgroups), and at restore `--root`, which has to
 * be a mount point; that is mounted before. `--pidfile` tells which process to look at. The container's standard streams are
 * /dev/null, since pipes would be one option more.
 */
export function criuContender({ bench, criu, hog, times }: Race, floor: CriuFloor): Contender {
  const { directory, programs, floor: runc } = bench;
  const bare = new BareCriu(programs, criu);
  const images = path.join(directory, 'criu-images');
  const root = path.join(directory, 'criu-root');
  const pidFile = path.join(directory, 'criu-pid');
  const network = floor.leavesNetworkOut === true ? ['--empty-ns', 'net'] : [];
  let pid = -1;
  let mounts: HostMount[] = [];
  return {
    name: floor.name,
    before: async () => {
      await makeEmpty(images);
      await runc.makeBundle(hog.name);
      await runc.createAndStart(hog.name, { discardsOutput: true });
      pid = await runc.pidOf(hog.name);
      mounts = [...runc.bindMounts, ...(await cgroupMounts(pid))];
      await mkdir(root, { recursive: true });
      await programs.run('mount', ['--bind', '--make-private', runc.rootfs, root]);
      await untilFull(hog);
    },
    run: () =>
      times.measure(floor.name, {
        save: async () => {
          await bare.dump(pid, images, [...dumpedMounts(mounts), ...network]);
          await floor.pack?.(images);
        },
        between: async () => {
          await untilGone(pid);
          if (floor.unpack !== undefined) await makeEmpty(images);
        },
        load: async () => {
          await floor.unpack?.(images);
          const place = ['--root', root, '--pidfile', pidFile];
          await bare.restore(images, [...place, ...restoredMounts(mounts), ...network]);
        },
      }),
    check: async () => {
      pid = await readPid(pidFile);
      await untilFull(hog);
      await checkContainerProcess(pid, { args: hogCommand(hog) });
    },
    after: async () => {
      // runc does not know the restored process.
      process.kill(pid, 'SIGKILL');
      await untilGone(pid);
      await runc.deleteByForce(hog.name);
      await programs.run('umount', [root]);
      await rm(images, { recursive: true });
      await rm(pidFile);
    },
  };
}

/** Less work than a container, and shown beside it: the same processes, with the host's namespaces and no filter. */
export function criuWithoutContainer(
  { bench: { directory, programs }, criu, hog, times }: Race,
  { name, pack, unpack }: CriuFloor,
): Contender {
  const bare = new BareCriu(programs, criu);
  const images = path.join(directory, 'criu-images');
  let pid = -1;
  return {
    name,
    before: async () => {
      await makeEmpty(images);
      pid = startHog(hog);
      await untilFull(hog);
    },
    run: () =>
      times.measure(name, {
        save: async () => {
          await bare.dump(pid, images);
          await pack?.(images);
        },
        between: async () => {
          // Their numbers have to be free again, which is up to who has inherited the dead.
          await until(() => !isInSession(pid), `session ${pid} is empty`);
          if (unpack !== undefined) await makeEmpty(images);
        },
        load: async () => {
          await unpack?.(images);
          await bare.restore(images);
        },
      }),
    check: async () => {
      await untilFull(hog);
      await checkProcess(pid, hogCommand(hog));
    },
    after: async () => {
      // The leader of its own process group, with all that it has started.
      process.kill(-pid, 'SIGKILL');
      await rm(images, { recursive: true });
    },
  };
}

/** Throws for what is no pid: 0 and -1 would end this process and others. */
async function readPid(file: string): Promise<number> {
  const text = await readFile(file, 'utf8');
  const pid = Number(text);
  if (Number.isInteger(pid) && pid > 1) return pid;
  throw new Error(`read ${file}: expected a pid, found ${JSON.stringify(text)}`);
}

async function makeEmpty(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
}
