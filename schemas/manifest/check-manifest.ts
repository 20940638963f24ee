import { checkCheckpoint } from '../checkpoint/check-checkpoint.ts';
import { checkContainer } from '../container/check-container.ts';
import { checkConfigMap, checkSecret } from '../data/check-data.ts';
import { checkPod } from '../pod/check-pod.ts';
import { checkClaim, checkVolume } from '../volume/check-volume.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { Manifest } from './manifest.ts';

/** What the fields of one valid manifest say about each other. Pure; an empty list means that all is well. */
export function checkManifest(manifest: Manifest): FieldIssue[] {
  switch (manifest.kind) {
    case 'Container':
      return checkContainer(manifest);
    case 'Pod':
      return checkPod(manifest);
    case 'ConfigMap':
      return checkConfigMap(manifest);
    case 'Secret':
      return checkSecret(manifest);
    case 'Volume':
      return checkVolume(manifest);
    case 'PersistentVolumeClaim':
      return checkClaim(manifest);
    case 'Checkpoint':
      return checkCheckpoint(manifest);
  }
}
