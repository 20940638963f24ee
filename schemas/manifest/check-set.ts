import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { problemOf } from './loaded-manifest.ts';
import type { LoadedManifest } from './loaded-manifest.ts';
import type { ManifestProblem } from './manifest-error.ts';
import type { Manifest } from './manifest.ts';

const NAME: FieldPath = ['metadata', 'name'];

/** Every place that `checkSet` may report for this manifest. */
export function pathsOfSetChecks(manifest: Manifest): FieldPath[] {
  return [NAME, ...dependenciesOf(manifest).map((_, i) => dependencyPath(i))];
}

/**
 * What manifests that are applied together say about each other: no two of the same kind and name, no circle of dependencies.
 * A dependency on a container that is not among them is no problem here, it may exist already.
 */
export function checkSet(manifests: readonly LoadedManifest[]): ManifestProblem[] {
  return [...checkNames(manifests), ...checkCycles(manifests)];
}

function checkNames(manifests: readonly LoadedManifest[]): ManifestProblem[] {
  const firsts = new Map<string, LoadedManifest>();
  return manifests.flatMap((loaded) => {
    const { kind, metadata } = loaded.manifest;
    const key = `${kind} \`${metadata.name}\``;
    // A claim and a Volume of one name are the same volume.
    const identity = `${kind === 'PersistentVolumeClaim' ? 'Volume' : kind} ${metadata.name}`;
    const first = firsts.get(identity);
    if (first === undefined) {
      firsts.set(identity, loaded);
      return [];
    }
    const place = `${first.file}:${String(first.line)}`;
    return [
      problemOf(loaded, issueAt(NAME, `${key} stands a second time, the first is in ${place}`, 'duplicate')),
    ];
  });
}

/** One problem for each circle, at the dependency that closes it. */
function checkCycles(manifests: readonly LoadedManifest[]): ManifestProblem[] {
  const containers = new Map<string, LoadedManifest>();
  for (const loaded of manifests) {
    const { kind, metadata } = loaded.manifest;
    if (kind === 'Container' && !containers.has(metadata.name)) containers.set(metadata.name, loaded);
  }
  const finished = new Set<string>();
  return [...containers.keys()].flatMap((name) => findCycles(name, containers, finished));
}

interface Visit {
  name: string;
  /** Index of the dependency to look at next. */
  next: number;
}

/** A walk in depth without recursion: a chain of ten thousand containers is a valid set. */
function findCycles(
  start: string,
  containers: ReadonlyMap<string, LoadedManifest>,
  finished: Set<string>,
): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const stack: Visit[] = finished.has(start) ? [] : [{ name: start, next: 0 }];
  const open = new Set(stack.map(({ name }) => name));
  for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
    const loaded = containers.get(visit.name);
    const index = visit.next;
    const dependency = loaded === undefined ? undefined : dependenciesOf(loaded.manifest)[index];
    if (loaded === undefined || dependency === undefined) {
      stack.pop();
      open.delete(visit.name);
      finished.add(visit.name);
      continue;
    }
    visit.next += 1;
    if (open.has(dependency)) {
      const names = stack.map(({ name }) => name);
      const circle = [...names.slice(names.indexOf(dependency)), dependency].join(' → ');
      problems.push(
        problemOf(
          loaded,
          issueAt(dependencyPath(index), `the dependencies go in a circle: ${circle}`, 'cycle'),
        ),
      );
    } else if (!finished.has(dependency) && containers.has(dependency)) {
      stack.push({ name: dependency, next: 0 });
      open.add(dependency);
    }
  }
  return problems;
}

function dependenciesOf(manifest: Manifest): readonly string[] {
  return manifest.kind === 'Container' ? (manifest.spec.dependsOn ?? []) : [];
}

function dependencyPath(index: number): FieldPath {
  return ['spec', 'dependsOn', index];
}

function issueAt(path: FieldPath, message: string, code: string): FieldIssue {
  return { path, message, code, mark: 'value' };
}
