import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProgramOptions, Programs } from '../run-program.ts';
import type { Place } from './place.ts';

export const PODMAN = '/usr/bin/podman';

/**
 * Podman with storage and state of its own below `directory`, and the same runtime. What it would take from its environment (a journal,
 * limits that this machine may not raise) is fixed here.
 */
export class Podman {
  readonly #programs: Programs;
  readonly #directory: string;
  readonly #run: string;

  private constructor(programs: Programs, { kept, run }: Place) {
    this.#programs = programs;
    this.#directory = kept;
    this.#run = run;
  }

  static async open(programs: Programs, place: Place, runtime: string): Promise<Podman> {
    const { kept: directory, run } = place;
    await mkdir(run, { mode: 0o700 });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mkdir(path.join(directory, 'cni'), { recursive: true });
    await writeFile(
      path.join(directory, 'containers.conf'),
      [
        '[containers]',
        'default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]',
        'log_driver = "k8s-file"',
        '[engine]',
        'cgroup_manager = "cgroupfs"',
        'events_logger = "file"',
        `runtime = "${path.basename(runtime)}"`,
        '[engine.runtimes]',
        `${path.basename(runtime)} = ["${runtime}"]`,
        '[network]',
        'network_backend = "netavark"',
        `network_config_dir = "${path.join(directory, 'cni')}"`,
        '',
      ].join('\n'),
    );
    return new Podman(programs, place);
  }

  run(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const state = ['--root', `${this.#directory}/root`, '--runroot', `${this.#run}/storage`];
    const rest = ['--tmpdir', `${this.#run}/libpod`, '--storage-driver', 'overlay'];
    return this.#programs.run(PODMAN, [...state, ...rest, ...args], {
      ...options,
      env: { CONTAINERS_CONF: `${this.#directory}/containers.conf`, ...options.env },
    });
  }

  /** Where the unpacked layers are. */
  get layers(): string {
    return `${this.#directory}/root/overlay`;
  }

  async pidOf(name: string): Promise<number> {
    return Number(await this.run(['inspect', '--format', '{{.State.Pid}}', name]));
  }

  async pidsOf(names: readonly string[]): Promise<number[]> {
    const text = await this.run(['inspect', '--type', 'container', '--format', '{{.State.Pid}}', ...names]);
    return text.trim().split('\n').map(Number);
  }

  /** All containers and pods, at once. */
  async removeAll(): Promise<void> {
    await this.run(['pod', 'rm', '--force', '--time', '0', '--all']);
    await this.run(['rm', '--force', '--time', '0', '--all']);
  }
}
