import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { ContainerLabels } from './container-labels.ts';

/** What a mount's source is, as far as labels go. */
export interface LabelledSource {
  path: string;
  /** own: made for this container or pod; named: several may mount it; host: somebody else's; image: kept as it is. */
  kind: 'own' | 'named' | 'host' | 'image';
  /** podman's `z` and `Z`. */
  relabel: 'Shared' | 'Private' | undefined;
}

/** Directories of the host without which it does not start: giving them to containers would take them from it. */
const NEVER_RELABELLED = new Set([
  ...['/', '/bin', '/boot', '/dev', '/etc', '/etc/passwd', '/etc/shadow', '/home', '/lib', '/lib64', '/proc'],
  ...['/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/lib', '/var/log', '/var/run'],
]);

/** The label that the source gets, with everything in it; null: none. Pure. */
export function chooseLabel(source: LabelledSource, labels: ContainerLabels): string | null {
  const { kind, relabel } = source;
  if (relabel === 'Private') return allowed(source, labels.mountLabel);
  if (relabel === 'Shared') return allowed(source, labels.sharedLabel);
  if (kind === 'own') return labels.mountLabel;
  return kind === 'named' ? labels.sharedLabel : null;
}

function allowed({ path: source, kind }: LabelledSource, label: string): string {
  const place = path.posix.normalize(source).replace(/(.)\/$/, '$1');
  if (kind !== 'host' || !NEVER_RELABELLED.has(place)) return label;
  throw new EngineError(
    'BAD_REQUEST',
    `relabel ${place}: the host needs this directory with the labels that it has`,
    { hint: 'mount a directory below it, or leave `relabel` out' },
  );
}
