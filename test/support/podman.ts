import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram, OWN_CRIU } from '../../engine/host.ts';
import { readCgroupLayout } from '../../engine/cgroup/cgroup-layout.ts';
import { removeCgroup } from '../../engine/cgroup/cgroup-path.ts';
import { makeBusyboxRoot } from './test-engine.ts';
import { sweep } from './sweep.ts';

const TIMEOUT_MS = 60_000;
/** The image that every podman of `withPodman` has: busybox. */
export const PODMAN_IMAGE = 'localhost/test:1';

/** A podman with storage and state of its own. */
export interface Podman {
  directory: string;
  /** Standard output; anything but exit code 0 is an error. */
  run: (...args: string[]) => Promise<string>;
}

/** What this host lacks for `withPodman`, in words; null when it has all. */
export function missingForPodman(): string | null {
  return (
    ['podman', 'conmon', 'runc'].find((name) => findProgram(name) === null)?.concat(' is not installed') ??
    null
  );
}

/** Gives `body` a podman that calls `runtime`, and takes everything away afterwards. */
export async function withPodman(runtime: string, body: (podman: Podman) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(process.env['TSCTR_TEST_DIR'] ?? '/tmp', 'p-'));
  const cgroup = `/tsctr_podman_${process.pid}`;
  const env = await configure(directory);
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      findProgram('podman') ?? 'podman',
      [...storeArguments(directory), '--runtime', runtime, ...args],
      { env, timeout: TIMEOUT_MS, maxBuffer: 4 << 20 },
    );
    return stdout.trim();
  };
  const podman = {
    directory,
    run: (verb: string, ...args: string[]) =>
      verb === 'run' ? run(verb, '--cgroup-parent', cgroup, ...args) : run(verb, ...args),
  };
  try {
    await addImage(podman);
    await body(podman);
  } finally {
    await run('rm', '--all', '--force', '--time', '0').catch(() => undefined);
    await sweep(directory);
    const layout = await readCgroupLayout();
    for (const name of [`${cgroup}/conmon`, cgroup]) await removeCgroup(layout, name);
  }
}

function storeArguments(directory: string): string[] {
  return [
    ...['--root', path.join(directory, 'root'), '--runroot', path.join(directory, 'run')],
    ...['--tmpdir', path.join(directory, 'tmp'), '--storage-driver', 'overlay'],
  ];
}

/** What podman would take from its environment (a journal, limits that a test machine may not raise) is fixed. */
async function configure(directory: string): Promise<NodeJS.ProcessEnv> {
  const networks = path.join(directory, 'networks');
  await mkdir(networks);
  const file = path.join(directory, 'containers.conf');
  const lines = [
    '[containers]',
    'default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]',
    'log_driver = "k8s-file"',
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    '[network]',
    'network_backend = "netavark"',
    `network_config_dir = "${networks}"`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  // podman asks the criu in PATH whether it is new enough.
  const PATH = `${path.dirname(OWN_CRIU)}:${process.env['PATH'] ?? ''}`;
  return { ...process.env, PATH, CONTAINERS_CONF: file, TSCTR_RUN: path.join(directory, 'tsctr') };
}

async function addImage({ directory, run }: Podman): Promise<void> {
  const layer = path.join(directory, 'layer');
  await makeBusyboxRoot(layer);
  const tar = path.join(directory, 'layer.tar');
  await promisify(execFile)('tar', ['-C', layer, '-cf', tar, '.']);
  await run('import', tar, PODMAN_IMAGE);
  await rm(layer, { recursive: true });
}
