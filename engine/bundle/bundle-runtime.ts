import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import type { OciLinux, OciMount, OciSpec } from '../../schemas/index.ts';
import type { CgroupLayout } from '../cgroup/cgroup-layout.ts';
import { readCgroupLayout } from '../cgroup/cgroup-layout.ts';
import { CriuProgram } from '../criu/features.ts';
import { EngineError } from '../engine-error.ts';
import { findProgram, OWN_CRIU, readBootId } from '../host.ts';
import type { RunCommand } from '../process/run-command.ts';
import { createRunCommand } from '../process/run-command.ts';

/** Which OCI runtime has the containers, and what is needed to save them and bring them back in its place. */
export interface BundleParts {
  readonly kernel: Kernel;
  readonly runCommand: RunCommand;
  readonly runtime: BundleRuntime;
  readonly cgroupLayout: CgroupLayout;
  readonly criu: CriuProgram;
  readonly bootId: string;
  /** For mounts and for what is remembered until the next boot. */
  readonly run: string;
}

export interface BundleRuntime {
  readonly path: string;
  /** Arguments that stand before every verb. */
  readonly globalArgs: readonly string[];
  /** Where the runtime keeps its state: `--root`. */
  readonly root: string;
  claim(id: string): Promise<void>;
}

/** A container as its runtime tells of it. */
export interface BundleContainer {
  id: string;
  status: 'creating' | 'created' | 'running' | 'paused' | 'stopped';
  pid: number;
  bundle: string;
  spec: OciSpec;
}

export async function openBundleParts(
  kernel: Kernel,
  options: {
    runtime: string;
    globalArgs: readonly string[];
    root: string | null;
    criu: string | null;
    run: string;
  },
): Promise<BundleParts> {
  const name = path.basename(options.runtime);
  return {
    kernel,
    runCommand: createRunCommand(kernel),
    runtime: {
      path: options.runtime,
      globalArgs: options.globalArgs,
      root: options.root ?? `/run/${name}`,
      claim: () => Promise.resolve(),
    },
    cgroupLayout: await readCgroupLayout(),
    criu: new CriuProgram(kernel, options.criu ?? findProgram('criu', [OWN_CRIU]), options.run),
    bootId: readBootId(),
    run: options.run,
  };
}

/** Where the runtime keeps what it knows of a container. */
export function stateDirectory({ runtime }: BundleParts, id: string): string {
  return path.join(runtime.root, id);
}

export function isKnown(parts: BundleParts, id: string): boolean {
  return existsSync(stateDirectory(parts, id));
}

/** Asks the runtime. Throws when it does not know the container. */
export async function findContainer(parts: BundleParts, id: string): Promise<BundleContainer> {
  const state = JSON.parse(await runVerb(parts, ['state', id])) as Omit<BundleContainer, 'spec'>;
  return { ...state, spec: await readSpec(state.bundle) };
}

export async function readSpec(bundle: string): Promise<OciSpec> {
  const file = path.join(bundle, 'config.json');
  try {
    return completeSpec(JSON.parse(await readFile(file, 'utf8')) as LooseSpec, bundle);
  } catch (error) {
    throw new EngineError('BAD_REQUEST', `read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** What the specification lets others leave out. */
type LooseSpec = Partial<Omit<OciSpec, 'mounts' | 'linux'>> & {
  mounts?: (Pick<OciMount, 'destination'> & Partial<OciMount>)[];
  linux?: Partial<OciLinux>;
};

function completeSpec(spec: LooseSpec, bundle: string): OciSpec {
  const { root, process } = spec;
  if (root === undefined || process === undefined) throw new Error('expected `root` and `process`');
  return {
    ociVersion: '',
    annotations: {},
    ...spec,
    root: { ...root, path: path.resolve(bundle, root.path) },
    process,
    mounts: (spec.mounts ?? []).map(({ destination, type = 'none', source = type, options = [] }) => {
      const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind');
      return { destination, type, source: isBind ? path.resolve(bundle, source) : source, options };
    }),
    linux: { resources: {}, namespaces: [], ...spec.linux },
  };
}

/** One that it does not know is no error. */
export async function deleteContainer(parts: BundleParts, id: string): Promise<void> {
  if (isKnown(parts, id)) await runVerb(parts, ['delete', '--force', id]);
}

const VERB_TIMEOUT_MS = 60_000;

async function runVerb(parts: BundleParts, args: readonly string[]): Promise<string> {
  const { path: file, globalArgs } = parts.runtime;
  const result = await parts.runCommand({ file, args: [...globalArgs, ...args], timeoutMs: VERB_TIMEOUT_MS });
  if (result.exitCode === 0) return result.stdout.toString('utf8');
  const message = result.stderr.trim().split('\n').at(-1) ?? '';
  throw new EngineError(
    'RUNTIME_FAILED',
    /msg="((?:[^"\\]|\\.)*)"/.exec(message)?.[1]?.replace(/\\(.)/g, '$1') ?? message,
  );
}
