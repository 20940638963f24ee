import path from 'node:path';
import type { ContainerSpec } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { parseImageReference } from '../value/image-reference.ts';
import {
  badValue,
  conflict,
  duplicate,
  exactlyOne,
  findDuplicates,
  unknownName,
} from '../issue/make-issue.ts';
import { suggestion } from '../issue/suggest-name.ts';
import { ValueError } from '../value/value-error.ts';
import { volume } from '../volume/volume.ts';
import type { Volume, VolumeMount } from '../volume/volume.ts';

const VOLUME_SOURCES = Object.keys(volume.shape).filter((name) => name !== 'name');

/** The volumes of a Container or Pod: each with a name of its own and exactly one source. */
export function checkVolumes(volumes: readonly Volume[]): FieldIssue[] {
  const parent = ['spec', 'volumes'];
  return [
    ...findDuplicates(
      volumes,
      ({ name }) => name,
      ({ name }, i) => duplicate([...parent, i, 'name'], `a volume \`${name}\` stands above already`),
    ),
    ...volumes.flatMap((one, i) => {
      const issue = exactlyOne([...parent, i], one, VOLUME_SOURCES, 'the source of the volume');
      return issue === null ? [] : [issue];
    }),
    ...volumes.flatMap(({ hostPath }, i) => leadsUp([...parent, i, 'hostPath', 'path'], hostPath?.path)),
    ...volumes.flatMap((one, i) => checkFiles(one, [...parent, i])),
  ];
}

const PROJECTED_SOURCES = ['configMap', 'secret', 'downwardAPI'];

/** Volumes out of data: names of files that stay within, and exactly one value for each. */
function checkFiles(volume: Volume, at: FieldPath): FieldIssue[] {
  const { projected, configMap, secret, downwardAPI, image } = volume;
  const sources = (projected?.sources ?? []).map((source, i) => ({
    source,
    at: [...at, 'projected', 'sources', i],
  }));
  return [
    ...checkImageReference(image, [...at, 'image', 'reference']),
    ...checkItems(configMap?.items, [...at, 'configMap', 'items']),
    ...checkItems(secret?.items, [...at, 'secret', 'items']),
    ...checkDownward(downwardAPI?.items, [...at, 'downwardAPI', 'items']),
    ...sources.flatMap(({ source, at: place }) => {
      const issue = exactlyOne(place, source, PROJECTED_SOURCES, 'the source');
      return [
        ...(issue === null ? [] : [issue]),
        ...checkItems(source.configMap?.items, [...place, 'configMap', 'items']),
        ...checkItems(source.secret?.items, [...place, 'secret', 'items']),
        ...checkDownward(source.downwardAPI?.items, [...place, 'downwardAPI', 'items']),
      ];
    }),
  ];
}

function checkImageReference(image: Volume['image'], at: FieldPath): FieldIssue[] {
  if (image === undefined) return [];
  try {
    parseImageReference(image.reference);
    return [];
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return [badValue(at, error.message)];
  }
}

type Items = readonly { path: string }[] | undefined;

function checkItems(items: Items, at: FieldPath): FieldIssue[] {
  return (items ?? []).flatMap(({ path: name }, i) => staysWithin([...at, i, 'path'], name));
}

type DownwardItems = NonNullable<Volume['downwardAPI']>['items'] | undefined;

function checkDownward(items: DownwardItems, at: FieldPath): FieldIssue[] {
  const choices = (items ?? []).flatMap((item, i) => {
    const issue = exactlyOne([...at, i], item, ['fieldRef', 'resourceFieldRef'], 'the value');
    return issue === null ? [] : [issue];
  });
  return [...checkItems(items, at), ...choices];
}

type Mounting = Pick<ContainerSpec, 'volumeMounts' | 'tmpfs'>;

/** What is mounted into one container: of volumes that exist, to places that differ. */
export function checkMounts(spec: Mounting, volumes: readonly Volume[], parent: FieldPath): FieldIssue[] {
  const mounts = spec.volumeMounts ?? [];
  const names = volumes.map(({ name }) => name);
  const places = [
    ...mounts.map((mount, i) => ({ mountPath: mount.mountPath, at: [...parent, 'volumeMounts', i] })),
    ...(spec.tmpfs ?? []).map((mount, i) => ({ mountPath: mount.mountPath, at: [...parent, 'tmpfs', i] })),
  ];
  return [
    ...mounts.flatMap((mount, i) => checkMount(mount, names, [...parent, 'volumeMounts', i])),
    ...places.flatMap(({ mountPath, at }) => leadsUp([...at, 'mountPath'], mountPath)),
    ...places
      .filter(({ mountPath }) => path.posix.normalize(mountPath) === '/')
      .map(({ at }) => badValue([...at, 'mountPath'], 'nothing can be mounted over the root filesystem')),
    ...findDuplicates(
      places,
      ({ mountPath }) => path.posix.normalize(`${mountPath}/`),
      ({ mountPath, at }) =>
        duplicate([...at, 'mountPath'], `something else is mounted on ${mountPath} already`),
    ),
  ];
}

function checkMount(mount: VolumeMount, volumes: readonly string[], at: FieldPath): FieldIssue[] {
  const issues = [
    ...staysWithin([...at, 'subPath'], mount.subPath),
    ...staysWithin([...at, 'subPathExpr'], mount.subPathExpr),
  ];
  if (mount.subPath !== undefined && mount.subPathExpr !== undefined) {
    issues.push(conflict([...at, 'subPathExpr'], 'subPath says this already: remove one of them'));
  }
  const recursive = mount.recursiveReadOnly !== undefined && mount.recursiveReadOnly !== 'Disabled';
  if (recursive && mount.readOnly !== true) {
    issues.push(conflict([...at, 'recursiveReadOnly'], 'only a mount with `readOnly: true` can be that'));
  }
  if (volumes.includes(mount.name)) return issues;
  const known = volumes.length === 0 ? ': spec.volumes is empty' : suggestion(mount.name, volumes);
  return [...issues, unknownName([...at, 'name'], `no volume is called \`${mount.name}\`${known}`)];
}

function staysWithin(at: FieldPath, value: string | undefined): FieldIssue[] {
  if (value?.startsWith('/') !== true) return leadsUp(at, value);
  return [badValue(at, `expected a path within the volume, found ${JSON.stringify(value)}`)];
}

function leadsUp(at: FieldPath, value: string | undefined): FieldIssue[] {
  if (value?.split('/').includes('..') !== true) return [];
  return [badValue(at, `expected a path without \`..\`, found ${JSON.stringify(value)}`)];
}
