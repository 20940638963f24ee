import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, realpath, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import type { ContainerAccess } from '../../engine/access.ts';
import { createMonitorScope } from '../../engine/cgroup/monitor-scope.ts';
import { createContainerAccess } from '../../engine/container/container-access.ts';
import { parseLogLine } from '../../cli/log/parse-log-line.ts';
import { createContainerEngine } from '../../engine/container/container-engine.ts';
import type { EngineParts } from '../../engine/container/container-context.ts';
import { ExitWatcher } from '../../engine/container/exit-watcher.ts';
import type { ContainerEngine } from '../../engine/contract/container-engine.ts';
import type { ImageConfig, ImageEngine } from '../../engine/contract/image-engine.ts';
import type { PodEngine } from '../../engine/contract/pod-engine.ts';
import { createHostPaths } from '../../engine/host-paths.ts';
import { readHostFacts } from '../../engine/host.ts';
import { createPodEngine } from '../../engine/pod/pod-engine.ts';
import { createRunCommand } from '../../engine/process/run-command.ts';
import { createOciRuntime } from '../../engine/runtime/oci-runtime.ts';
import { createDataStore } from '../../engine/secret/data-store.ts';
import { IdRanges } from '../../engine/userns/id-ranges.ts';
import { VolumeStore } from '../../engine/volume/volume-store.ts';
import { createLinuxKernel } from '../../native/index.ts';
import type { ContainerRequest, ResolvedImage } from '../../schemas/index.ts';
import { containerId, containerRequest } from './container-request.ts';
import { sweep } from './sweep.ts';

/** Reference of the image that is the only one of a test engine: busybox in one layer. */
export const TEST_IMAGE: ResolvedImage = { reference: 'localhost/test:1', id: `sha256:${'0'.repeat(64)}` };

/** An engine on directories of its own, whose one image is a directory with busybox. */
export interface TestEngine {
  directory: string;
  parts: EngineParts;
  containers: ContainerEngine;
  access: ContainerAccess;
  pods: PodEngine;
  /** The layer of the image: what is put there, every container of it sees. */
  layer: string;
  /** A request for a container of the image that runs a shell script; each one has an id of its own. */
  request(script: string, spec?: object, rest?: Partial<ContainerRequest>): ContainerRequest;
}

/**
 * Gives `body` an engine. Afterwards every container that was asked for is removed, and what then is left of the instance on
 * the host (processes, mounts, cgroups, files) fails the test.
 */
export async function withEngine(
  body: (engine: TestEngine) => Promise<void>,
  options: { config?: ImageConfig } = {},
): Promise<void> {
  const top = await realpath(process.env['TSCTR_TEST_DIR'] ?? '/tmp');
  // Short: paths of sockets below it have at most 107 bytes.
  const directory = await mkdtemp(path.join(top, 'e-'));
  let failed = true;
  try {
    const { engine, requests } = await createTestEngine(directory, options.config ?? {});
    await body(engine);
    for (const request of requests) await engine.containers.remove(request);
    assert.equal(await filesLeft(directory), [], 'nothing is left of the containers');
    failed = false;
  } finally {
    const left = await sweep(directory);
    if (!failed) assert.equal(left, [], 'nothing is left on the host');
  }
}

async function createTestEngine(directory: string, config: ImageConfig) {
  const [root, run] = [path.join(directory, 'root'), path.join(directory, 'run')];
  const layer = path.join(directory, 'layer');
  await mkdir(root);
  await mkdir(run);
  await makeBusyboxRoot(layer);
  const kernel = createLinuxKernel();
  const runCommand = createRunCommand(kernel);
  const { facts, cgroupLayout } = await readHostFacts({ runtime: 'auto', run, runCommand });
  const paths = createHostPaths(root, run);
  const cgroupOwner = { run, manager: facts.cgroupManager };
  const parts: EngineParts = {
    kernel,
    paths,
    facts,
    cgroupLayout,
    cgroupOwner,
    monitors: createMonitorScope({
      owner: cgroupOwner,
      layout: cgroupLayout,
      busctl: facts.tools.busctl,
      runCommand,
    }),
    images: imagesOf(layer, config),
    volumes: new VolumeStore(kernel, paths),
    idRanges: new IdRanges(paths),
    runCommand,
    data: createDataStore(root),
    runtime: createOciRuntime({
      path: facts.runtime.path,
      root: paths.runtime,
      programLink: (id) => paths.container(id).runtimeLink,
      systemdCgroup: facts.cgroupManager === 'systemd',
      runCommand,
    }),
    exits: new ExitWatcher(paths.exits),
    observeEffect: () => undefined,
    exitCommand: null,
  };
  const requests: ContainerRequest[] = [];
  const engine: TestEngine = {
    directory,
    parts,
    containers: createContainerEngine(parts),
    access: createContainerAccess(parts),
    pods: createPodEngine(parts),
    layer,
    request(script, spec = {}, rest = {}) {
      const number = requests.length + 1;
      const request = containerRequest(
        { command: ['/bin/sh', '-c', script], ...spec },
        { id: containerId(number), name: `web${number}`, image: TEST_IMAGE, ...rest },
      );
      requests.push(request);
      return request;
    },
  };
  return { engine, requests };
}

/** A root filesystem with Debian's static busybox and its links. */
export async function makeBusyboxRoot(directory: string): Promise<void> {
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run']) {
    await mkdir(path.join(directory, name), { recursive: true });
  }
  await chmod(path.join(directory, 'tmp'), 0o1777);
  const busybox = path.join(directory, 'bin/busybox');
  await copyFile('/bin/busybox', busybox);
  const { stdout } = await promisify(execFile)('/bin/busybox', ['--list']);
  for (const applet of stdout.trim().split('\n')) {
    if (applet !== 'busybox') await symlink('busybox', path.join(directory, 'bin', applet));
  }
}

/** A copy of the image's layer, for `rootfs:`. */
export async function copyRoot(engine: TestEngine): Promise<string> {
  const directory = path.join(engine.directory, 'rootfs');
  await cp(engine.layer, directory, { recursive: true, verbatimSymlinks: true });
  return directory;
}

function imagesOf(layer: string, config: ImageConfig): ImageEngine {
  const refuse = () => Promise.reject(new Error('the test engine has one image, and it stays'));
  return {
    ensure: () => Promise.resolve(TEST_IMAGE),
    find: refuse,
    list: refuse,
    import: refuse,
    originOf: refuse,
    packCheckpoint: refuse,
    checkpointArchive: refuse,
    push: refuse,
    remove: refuse,
    prune: refuse,
    layerPaths: () => Promise.resolve([layer]),
    config: () => Promise.resolve(config),
  };
}

/** What is below the directories of containers and pods. */
async function filesLeft(directory: string): Promise<string[]> {
  const places = [
    'root/containers',
    'root/pods',
    'run/containers',
    'run/pods',
    'run/exits',
    'run/oci',
    'run/memory-dirs',
    'run/exports',
    'run/volumes',
    'run/user-namespaces',
  ];
  const found = places.map(async (place) => {
    const names = await readdir(path.join(directory, place), { recursive: true }).catch(() => []);
    return names.map((name) => path.join(place, name));
  });
  return (await Promise.all(found)).flat();
}

/** What a log file of a container holds, without the times. A line that was written in parts is one line, as `tsctr logs` shows it. */
export function logText(lines: string): string {
  const whole: string[] = [];
  const begun = { stdout: '', stderr: '' };
  for (const line of lines.split('\n')) {
    const parsed = parseLogLine(line);
    if (parsed === null) continue;
    const text = begun[parsed.stream] + parsed.text;
    begun[parsed.stream] = parsed.partial ? text : '';
    if (!parsed.partial) whole.push(text);
  }
  return [...whole, ...Object.values(begun).filter((text) => text !== '')].join('\n');
}
