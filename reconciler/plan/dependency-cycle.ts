import type { ContainerRecord } from '../../schemas/index.ts';

/** Containers wait for each other in a circle, so that none of them could ever start; nothing was changed. */
export class DependencyCycleError extends Error {
  override readonly name = 'DependencyCycleError';
  readonly code = 'DEPENDENCY_CYCLE';
  /** The first name stands at the end again. */
  readonly cycle: readonly string[];

  constructor(cycle: readonly string[]) {
    super(
      `spec.dependsOn: containers wait for each other: ${cycle.join(' → ')}; take one of these dependencies away`,
    );
    this.cycle = cycle;
  }
}

/** A circle in `dependsOn`, its first name repeated at the end; null: there is none. */
export function findDependencyCycle(records: readonly ContainerRecord[]): string[] | null {
  const dependencies = new Map(records.map((record) => [record.name, record.manifest?.spec.dependsOn ?? []]));
  const done = new Set<string>();

  function visit(name: string, path: readonly string[]): string[] | null {
    const start = path.indexOf(name);
    if (start !== -1) return [...path.slice(start), name];
    if (done.has(name)) return null;
    for (const next of dependencies.get(name) ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle !== null) return cycle;
    }
    done.add(name);
    return null;
  }

  for (const name of dependencies.keys()) {
    const cycle = visit(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
