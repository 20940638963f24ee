import { existsSync } from 'node:fs';
import { fail, isAtLeast, ok, warn } from './check.ts';
import type { Check } from './check.ts';
import { findProgram, versionOf } from './program.ts';

/** The programs that tsctr drives. */
export async function checkPrograms(): Promise<Check[]> {
  const [runtime, ...others] = await Promise.all([
    checkRuntime(),
    ...PROGRAMS.map((program) => checkProgram(program)),
  ]);
  return [runtime, ...others];
}

interface Program {
  name: string;
  /** Where it is besides PATH. */
  paths?: readonly string[];
  without: 'fail' | 'warn';
  /** What does not work without it. */
  for: string;
  package: string;
  oldest?: string;
}

const LIBEXEC = ['/usr/lib/podman', '/usr/libexec/podman'];

const PROGRAMS: readonly Program[] = [
  { name: 'conmon', without: 'fail', for: 'no container can be started', package: 'conmon', oldest: '2.1' },
  { name: 'skopeo', without: 'warn', for: 'images cannot be pulled or imported', package: 'skopeo' },
  { name: 'tar', without: 'warn', for: 'images cannot be unpacked', package: 'tar' },
  {
    name: 'catatonit',
    paths: LIBEXEC.map((directory) => `${directory}/catatonit`),
    without: 'warn',
    for: 'spec.init and shared PID namespaces do not work',
    package: 'catatonit',
  },
  {
    name: 'netavark',
    paths: LIBEXEC.map((directory) => `${directory}/netavark`),
    without: 'warn',
    for: 'networks other than host and none do not work',
    package: 'netavark',
  },
  {
    name: 'aardvark-dns',
    paths: LIBEXEC.map((directory) => `${directory}/aardvark-dns`),
    without: 'warn',
    for: 'containers do not find each other by name',
    package: 'aardvark-dns',
  },
  { name: 'git', without: 'warn', for: 'Git sources do not work', package: 'git' },
];

async function checkProgram(program: Program): Promise<Check> {
  const { name } = program;
  const path = await findProgram(name, program.paths);
  if (path === null) {
    const advice = `${program.for}; install it: apt install ${program.package}`;
    return program.without === 'fail' ? fail(name, 'missing', advice) : warn(name, 'missing', advice);
  }
  const version = await versionOf(path);
  const found = `${version ?? 'version unknown'} at ${path}`;
  if (program.oldest !== undefined && version !== null && !isAtLeast(version, program.oldest)) {
    return warn(name, found, `tsctr is tried with ${program.oldest} and newer`);
  }
  return ok(name, found);
}

/** crun refuses hosts whose controllers are spread over cgroup v1 and v2. */
function isHybrid(): boolean {
  return (
    !existsSync('/sys/fs/cgroup/cgroup.controllers') &&
    existsSync('/sys/fs/cgroup/unified/cgroup.controllers')
  );
}

async function checkRuntime(): Promise<Check> {
  const [crun, runc] = await Promise.all([findProgram('crun'), findProgram('runc')]);
  const usable = isHybrid() ? runc : (crun ?? runc);
  if (usable === null) {
    const found =
      crun === null ? 'neither crun nor runc is there' : 'crun is there, but refuses hybrid cgroups';
    return fail(
      'runtime',
      found,
      `no container can be made; install one: apt install ${isHybrid() ? 'runc' : 'crun'}`,
    );
  }
  return ok('runtime', `${usable.split('/').at(-1) ?? ''} ${(await versionOf(usable)) ?? ''} at ${usable}`);
}
