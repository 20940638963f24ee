import { CLAIM_ANNOTATIONS, RECLAIM_ANNOTATION } from './declared-volume.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict } from '../issue/make-issue.ts';
import { reclaimPolicy } from './volume-manifest.ts';
import type { VolumeClaim, VolumeManifest } from './volume-manifest.ts';
import type { VolumeOptions } from './volume-options.ts';

/** What the fields of a Volume say about each other. */
export function checkVolume({ spec = { reclaimPolicy: 'Retain' } }: VolumeManifest): FieldIssue[] {
  return checkOptions(spec, (option) => ['spec', option]);
}

/** What the annotations of a claim say, which are fields in a Volume. */
export function checkClaim({ metadata: { annotations = {} } }: VolumeClaim): FieldIssue[] {
  const at = (annotation: string): FieldPath => ['metadata', 'annotations', annotation];
  const options: VolumeOptions = {};
  for (const [annotation, option] of Object.entries(CLAIM_ANNOTATIONS)) {
    const value = annotations[annotation];
    if (value !== undefined) options[option] = value;
  }
  const foreign = Object.keys(annotations)
    .filter((name) => name.startsWith('volume.podman.io/') && !Object.hasOwn(CLAIM_ANNOTATIONS, name))
    .filter((name) => name !== 'volume.podman.io/driver' || annotations[name] !== 'local')
    .map((name) => badValue(at(name), whyForeign(name)));
  const reclaim = annotations[RECLAIM_ANNOTATION];
  const isKnown = reclaim === undefined || reclaimPolicy.safeParse(reclaim).success;
  return [
    ...foreign,
    ...(isKnown ? [] : [badValue(at(RECLAIM_ANNOTATION), `expected Retain or Delete, found "${reclaim}"`)]),
    ...checkOptions(options, (option) => at(annotationOf(option))),
  ];
}

function whyForeign(name: string): string {
  if (name === 'volume.podman.io/driver') return 'the only driver is `local`';
  if (name === 'volume.podman.io/uid' || name === 'volume.podman.io/gid') {
    return `not supported: say it in \`volume.podman.io/mount-options\`, as \`${name.slice(-3)}=…\``;
  }
  return 'not supported: remove it';
}

function annotationOf(option: keyof VolumeOptions): string {
  return Object.entries(CLAIM_ANNOTATIONS).find(([, name]) => name === option)?.[0] ?? option;
}

function checkOptions(
  { type, device, o }: VolumeOptions,
  at: (option: keyof VolumeOptions) => FieldPath,
): FieldIssue[] {
  if (type === undefined && device === undefined) {
    return o === undefined ? [] : [conflict(at('o'), 'mount options need a type or a device')];
  }
  const isBind =
    type === 'none' || type === 'bind' || (o ?? '').split(',').some((word) => /^r?bind$/.test(word));
  if (isBind && device !== undefined && !device.startsWith('/')) {
    return [badValue(at('device'), `expected the absolute path of a directory, found "${device}"`)];
  }
  if (device === undefined && type !== 'tmpfs') {
    return [conflict(at('type'), `a file system of type ${type ?? ''} needs a device`)];
  }
  return [];
}
