import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readCgroupLayout } from './cgroup/cgroup-layout.ts';
import type { CgroupLayout } from './cgroup/cgroup-layout.ts';
import type { HostFacts } from './contract/host-facts.ts';
import { EngineError } from './engine-error.ts';
import { programIdentity } from './process/program-identity.ts';
import type { RunCommand } from './process/run-command.ts';

/** What the configuration may say about the tools of this host. */
export interface HostOptions {
  /** `auto`, the name of an OCI runtime, or its absolute path. */
  runtime: string;
  /** `<run>`: versions are remembered there until the program file changes. */
  run: string;
  runCommand: RunCommand;
}

/** Asks the host what it has. Throws TOOL_MISSING or HOST_UNSUITABLE where nothing can be done without it. */
export async function readHostFacts(
  options: HostOptions,
): Promise<{ facts: HostFacts; cgroupLayout: CgroupLayout }> {
  const cgroupLayout = await readCgroupLayout();
  const versions = new VersionCache(path.join(options.run, 'versions.json'), options.runCommand);
  const runtimePath = chooseRuntime(options.runtime, cgroupLayout);
  const conmonPath = findProgram('conmon');
  if (conmonPath === null) throw toolMissing('conmon');
  const [runtimeVersion, conmonVersion] = await Promise.all([
    versions.of(runtimePath),
    versions.of(conmonPath),
  ]);
  await versions.save();
  const facts: HostFacts = {
    cgroups: cgroupLayout.version,
    cgroupManager:
      cgroupLayout.version === 'v2' && existsSync('/run/systemd/system') ? 'systemd' : 'cgroupfs',
    controllers: cgroupLayout.controllers,
    runtime: { name: path.basename(runtimePath), path: runtimePath, version: runtimeVersion },
    conmon: { path: conmonPath, version: conmonVersion },
    kernel: os.release(),
    architecture: os.machine(),
    hostname: os.hostname(),
    bootId: readBootId(),
    tools: {
      criu: findProgram('criu', [OWN_CRIU]),
      skopeo: findProgram('skopeo'),
      netavark: findProgram(
        'netavark',
        PODMAN_LIBEXEC.map((directory) => path.join(directory, 'netavark')),
      ),
      'aardvark-dns': findProgram(
        'aardvark-dns',
        PODMAN_LIBEXEC.map((directory) => path.join(directory, 'aardvark-dns')),
      ),
      catatonit: findProgram('catatonit', ['/usr/libexec/podman/catatonit']),
      tar: findProgram('tar'),
      git: findProgram('git'),
      busctl: findProgram('busctl'),
    },
    seccomp: existsSync('/proc/sys/kernel/seccomp/actions_avail'),
    appArmor: readOr('/sys/module/apparmor/parameters/enabled', 'N').startsWith('Y'),
    seLinux: existsSync('/sys/fs/selinux/enforce'),
  };
  return { facts, cgroupLayout };
}

/** Where `npm run setup` puts a CRIU that runs on kernels for which the distribution's is too old. */
export const OWN_CRIU = '/opt/tsctr/criu/bin/criu';
const PODMAN_LIBEXEC = ['/usr/lib/podman', '/usr/libexec/podman'];
const PROGRAM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** random(4): changes with every boot. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The first of `first`, then of the usual directories and PATH, that holds the executable; null when none does. */
export function findProgram(name: string, first: readonly string[] = []): string | null {
  const searched = new Set([...(process.env['PATH'] ?? '').split(':'), ...PROGRAM_DIRECTORIES]);
  const candidates = [
    ...first,
    ...[...searched].filter((d) => path.isAbsolute(d)).map((d) => path.join(d, name)),
  ];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function chooseRuntime(wanted: string, layout: CgroupLayout): string {
  if (wanted !== 'auto') {
    const file = path.isAbsolute(wanted) ? wanted : findProgram(wanted);
    if (file === null || !isExecutable(file)) throw toolMissing(wanted);
    return file;
  }
  // crun refuses a host whose version 2 tree still owns controllers beside version 1 ones.
  const order = layout.version === 'v2' ? ['crun', 'runc'] : ['runc', 'crun'];
  const file = order.map((name) => findProgram(name)).find((found) => found !== null);
  if (file === undefined) throw toolMissing('an OCI runtime (runc or crun)');
  return file;
}

function toolMissing(what: string): EngineError {
  return new EngineError('TOOL_MISSING', `find ${what}: it is not installed`, {
    hint: `install it (Debian: apt-get install ${what.includes('OCI') ? 'runc' : path.basename(what)}), or run \`tsctr doctor\` for all that is missing`,
  });
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}

/** Remembers what a program said of its version, as long as its file is the same: asking costs a process each time. */
class VersionCache {
  readonly #file: string;
  readonly #runCommand: RunCommand;
  #known: Record<string, string> = {};
  #loaded: Promise<void> | null = null;
  #changed = false;

  constructor(file: string, runCommand: RunCommand) {
    this.#file = file;
    this.#runCommand = runCommand;
  }

  async of(program: string): Promise<string> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    const key = programIdentity(program);
    const known = this.#known[key];
    if (known !== undefined) return known;
    const result = await this.#runCommand({ file: program, args: ['--version'], timeoutMs: 10_000 });
    const version = /\d+\.\d+(\.\d+)?/.exec(result.stdout.toString('utf8'))?.[0] ?? 'unknown';
    this.#known[key] = version;
    this.#changed = true;
    return version;
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    // Only a cache: whoever may not write here asks again.
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o711 }).catch(() => undefined);
    await writeFile(this.#file, JSON.stringify(this.#known), { mode: 0o600 }).catch(() => undefined);
  }

  async #load(): Promise<void> {
    try {
      this.#known = JSON.parse(await readFile(this.#file, 'utf8')) as Record<string, string>;
    } catch {
      this.#known = {};
    }
  }
}
