import type { OciSpec, OciSyscallRule } from '../../schemas/index.ts';

/**
 * A spec as a flat list of facts, `path → value`, in which two specs that mean the same are equal: order counts only where
 * it does for a runtime.
 */
export function canonicalSpec(spec: OciSpec): Map<string, string> {
  const { process, mounts, linux, ...rest } = spec;
  const { env, capabilities, rlimits, ...ofProcess } = process;
  const { namespaces, seccomp, devices, maskedPaths, readonlyPaths, ...ofLinux } = linux;
  const facts = new Map<string, string>();
  const addEach = (path: string, entries: (readonly [string, unknown])[]): void => {
    for (const [name, value] of entries) addFacts(facts, `${path}[${name}]`, value);
  };
  addFacts(facts, '', { ...rest, process: ofProcess, linux: ofLinux });
  addEach('process.env', env.map(splitVariable));
  for (const [set, names] of Object.entries<string[]>({ ...capabilities })) {
    addFacts(facts, `process.capabilities.${set}`, [...names].sort());
  }
  addEach(
    'process.rlimits',
    rlimits.map(({ type, soft, hard }) => [type, `${String(soft)}:${String(hard)}`]),
  );
  addEach(
    'mounts',
    mounts.map(({ destination, options, ...mount }) => [
      destination,
      // Of one option given twice the second says nothing new; an empty one says nothing at all.
      { ...mount, options: [...new Set(options)].filter((option) => option !== '').sort() },
    ]),
  );
  addEach(
    'linux.namespaces',
    namespaces.map(({ type, path }) => [type, path ?? 'new']),
  );
  addEach(
    'linux.devices',
    (devices ?? []).map(({ path, ...device }) => [path, device]),
  );
  addEach(
    'linux.maskedPaths',
    (maskedPaths ?? []).map((path) => [path, true]),
  );
  addEach(
    'linux.readonlyPaths',
    (readonlyPaths ?? []).map((path) => [path, true]),
  );
  if (seccomp !== undefined) {
    const { syscalls, ...ofSeccomp } = seccomp;
    addFacts(facts, 'linux.seccomp', ofSeccomp);
    addEach('linux.seccomp.syscalls', decisions(syscalls ?? []));
  }
  return facts;
}

/** For each system call what the rules say about it, whatever rule it stands in. */
function decisions(rules: readonly OciSyscallRule[]): [string, string[]][] {
  const byName = new Map<string, Set<string>>();
  for (const { names, action, errnoRet, args } of rules) {
    const decision = `${action} ${String(errnoRet ?? '')} ${JSON.stringify(args ?? [])}`;
    for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(decision));
  }
  return [...byName].map(([name, set]) => [name, [...set].sort()]);
}

function addFacts(facts: Map<string, string>, path: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, member] of Object.entries(value)) {
      addFacts(facts, path === '' ? name : `${path}.${name}`, member);
    }
  } else if (value !== undefined) {
    facts.set(path, JSON.stringify(value));
  }
}

function splitVariable(entry: string): [string, string] {
  const equals = entry.indexOf('=');
  return [entry.slice(0, equals), entry.slice(equals + 1)];
}

export interface SpecDifference {
  fact: string;
  podman: string | undefined;
  ours: string | undefined;
}

/** The facts in which two specs differ. */
export function compareSpecs(podman: OciSpec, ours: OciSpec): SpecDifference[] {
  const [theirs, own] = [canonicalSpec(podman), canonicalSpec(ours)];
  return [...new Set([...theirs.keys(), ...own.keys()])]
    .map((fact) => ({ fact, podman: theirs.get(fact), ours: own.get(fact) }))
    .filter((difference) => difference.podman !== difference.ours);
}
