import { cp, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProgramOptions, Programs } from '../run-program.ts';
import type { Place } from './place.ts';
import type { Tsctr } from './tsctr.ts';

const CGROUP_ROOT = '/sys/fs/cgroup';
/** The parent of all of its containers' cgroups. */
const CGROUP = 'tsctr-bench';

/** As much of config.json as is changed here. */
interface Spec {
  hostname?: string;
  root: { path: string };
  mounts: { destination: string; source?: string; type?: string; options?: string[] }[];
  linux: { cgroupsPath?: string };
}

/**
 * The floor: the OCI runtime alone, with the very config.json that tsctr made for the same manifest. Its root is a copy of the image's
 * files, made before; overlay, records, log and monitor are missing.
 */
export class BareRuntime {
  readonly #programs: Programs;
  readonly #directory: string;
  readonly #volatile: string;
  readonly #runtime: string;
  #template: Spec | null = null;

  constructor(programs: Programs, { kept, run }: Place, runtime: string) {
    this.#programs = programs;
    this.#directory = kept;
    this.#volatile = run;
    this.#runtime = runtime;
  }

  /** Takes config.json from a running container of tsctr, with the files that it mounts. */
  async takeTemplate(tsctr: Tsctr, container: string): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(path.join(this.#directory, 'files'), { recursive: true });
    const bundle = path.join(tsctr.run, 'containers', tsctr.idOf(container));
    const spec = JSON.parse(await readFile(path.join(bundle, 'config.json'), 'utf8')) as Spec;
    const rootfs = path.join(this.#directory, 'rootfs');
    await this.#programs.run('cp', ['-a', spec.root.path, rootfs]);
    const mounts = [];
    for (const [i, mount] of spec.mounts.entries()) {
      if (mount.source?.startsWith(bundle) !== true) mounts.push(mount);
      else mounts.push({ ...mount, source: await this.#copySource(mount.source, String(i)) });
    }
    this.#template = { ...spec, mounts, root: { ...spec.root, path: rootfs } };
  }

  async #copySource(source: string, name: string): Promise<string> {
    const copy = path.join(this.#directory, 'files', name);
    await cp(source, copy, { recursive: true });
    return copy;
  }

  /** Makes the bundle of one container; not part of what is measured. */
  async makeBundle(id: string): Promise<void> {
    const template = this.#spec();
    const bundle = this.#bundle(id);
    await mkdir(bundle, { recursive: true });
    const spec: Spec = {
      ...template,
      linux: { ...template.linux, cgroupsPath: `/${CGROUP}/${id}` },
    };
    await writeFile(path.join(bundle, 'config.json'), JSON.stringify(spec));
  }

  /**
   * create and start: two processes, as everything above it has to have. The container's standard streams are those of `create`: with
   * `discardsOutput` /dev/null, otherwise a file of the host.
   */
  async createAndStart(
    id: string,
    { discardsOutput = false }: { discardsOutput?: boolean } = {},
  ): Promise<void> {
    const bundle = this.#bundle(id);
    await this.#run(['create', '--bundle', bundle, '--pid-file', `${bundle}/pid`, id], { discardsOutput });
    await this.#run(['start', id]);
  }

  /** The root of all of its containers. */
  get rootfs(): string {
    return this.#spec().root.path;
  }

  /** What each container has of the host, by the place where it sees it. */
  get bindMounts(): { place: string; source: string }[] {
    return this.#spec().mounts.flatMap(({ destination, source, type }) =>
      type === 'bind' && source !== undefined ? [{ place: destination, source }] : [],
    );
  }

  async pidOf(id: string): Promise<number> {
    return Number(await readFile(`${this.#bundle(id)}/pid`, 'utf8'));
  }

  /** kill, wait for the end as a parent would, and delete. */
  async killAndDelete(id: string, signal: string): Promise<void> {
    const pid = await this.pidOf(id);
    await this.#run(['kill', id, signal]);
    await untilGone(pid);
    await this.#run(['delete', id]);
  }

  async deleteByForce(id: string): Promise<void> {
    await this.#run(['delete', '--force', id]);
  }

  /** What is left of an earlier failure. */
  async removeAll(): Promise<void> {
    const ids = await readdir(path.join(this.#volatile, 'state')).catch(() => []);
    for (const id of ids) await this.deleteByForce(id);
    await removeCgroups();
  }

  #bundle(id: string): string {
    return path.join(this.#volatile, 'bundles', id);
  }

  #spec(): Spec {
    if (this.#template === null) throw new Error('look at config.json: there is no template yet');
    return this.#template;
  }

  #run(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const state = path.join(this.#volatile, 'state');
    return this.#programs.run(this.#runtime, ['--root', state, ...args], options);
  }
}

/** The cgroups above those of the containers, which the runtime makes and leaves; they stay as long as something is in them. */
async function removeCgroups(): Promise<void> {
  const hierarchies = (await readdir(CGROUP_ROOT)).map((name) => path.join(CGROUP_ROOT, name));
  for (const hierarchy of [CGROUP_ROOT, ...hierarchies]) {
    await rmdir(path.join(hierarchy, CGROUP)).catch(() => undefined);
  }
}

/** Nobody here is the parent of the process: its end shows in /proc. */
export async function untilGone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
