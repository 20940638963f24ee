import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ProgramOptions, Programs } from '../run-program.ts';
import { until } from '../until.ts';
import type { Place } from './place.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** What the program consists of, as far as it is used here. */
const SHIPPED = [
  ...['bin', 'dist', 'build/Release', 'package.json'],
  ...['schemas/criu/criu-rpc.proto', 'schemas/criu/criu-images.proto'],
];

/** As much of a container's record as is looked at here. */
interface ContainerRecord {
  state: string;
  pid: number | null;
  restartCount: number;
  request: { id: string } | null;
}

/**
 * tsctr as it is shipped: a copy of the built files, so that a build in the meantime does not change what is measured, on a root
 * and run directory of its own.
 */
export class Tsctr {
  readonly root: string;
  readonly run: string;
  readonly manifests: string;
  readonly program: string;
  readonly #programs: Programs;
  readonly #directory: string;
  #daemon: ChildProcess | null = null;

  private constructor(programs: Programs, { kept: directory, run }: Place) {
    this.#programs = programs;
    this.#directory = directory;
    this.root = path.join(directory, 'root');
    this.run = run;
    this.manifests = path.join(directory, 'manifests');
    this.program = path.join(directory, 'program/bin/tsctr');
  }

  static async open(programs: Programs, place: Place): Promise<Tsctr> {
    const program = path.join(place.kept, 'program');
    for (const name of SHIPPED) {
      const source = path.join(REPOSITORY, name);
      if (!existsSync(source)) throw new Error(`find ${source}: not built; run \`npm run build\` first`);
      await cp(source, path.join(program, name), { recursive: true });
    }
    const tsctr = new Tsctr(programs, place);
    for (const name of [tsctr.root, tsctr.run, tsctr.manifests]) await mkdir(name, { mode: 0o700 });
    return tsctr;
  }

  command(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const { TSCTR_ROOT: root, TSCTR_RUN: run } = this.environment();
    return this.#programs.run(this.program, ['--root', root, '--run', run, ...args], options);
  }

  environment(): { TSCTR_ROOT: string; TSCTR_RUN: string } {
    return { TSCTR_ROOT: this.root, TSCTR_RUN: this.run };
  }

  async startDaemon(): Promise<void> {
    if (this.#daemon !== null) return;
    const log = openSync(path.join(this.#directory, 'daemon.log'), 'a');
    this.#daemon = spawn(this.program, ['daemon', '--manifests', this.manifests, '--log-level', 'warn'], {
      env: { ...process.env, ...this.environment() },
      stdio: ['ignore', log, log],
    });
    await until(() => existsSync(path.join(this.run, 'tsctr.sock')), 'the daemon listens');
  }

  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null) return;
    this.#daemon = null;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGTERM');
    await ended;
  }

  get daemonPid(): number {
    return this.#daemon?.pid ?? -1;
  }

  /** What is on record of a container; null when there is nothing. */
  recordOf(name: string): ContainerRecord | null {
    const file = path.join(this.root, 'db/containers', `${name}.json`);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as ContainerRecord;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Its process; that it runs may be on its way to the disk yet when a command has told it. */
  async pidOf(name: string): Promise<number> {
    const pid = (): number | null => this.recordOf(name)?.pid ?? null;
    await until(() => pid() !== null, `the process of container/${name} is on record`);
    return pid() ?? -1;
  }

  idOf(name: string): string {
    const id = this.recordOf(name)?.request?.id;
    if (id === undefined) throw new Error(`find the id of container/${name}: none is on record`);
    return id;
  }
}
