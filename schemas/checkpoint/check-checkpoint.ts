import type { CheckpointManifest, CheckpointManifestSpec } from './checkpoint-manifest.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import { parseImageReference } from '../value/image-reference.ts';
import { badValue, conflict, exactlyOne } from '../issue/make-issue.ts';
import { ValueError } from '../value/value-error.ts';

/** What the fields of a Checkpoint say about each other. */
export function checkCheckpoint({ spec }: CheckpointManifest): FieldIssue[] {
  return [...checkDestination(spec), ...checkKeeping(spec), ...checkConnections(spec)];
}

function checkDestination({ to }: CheckpointManifestSpec): FieldIssue[] {
  if (to === undefined) return [];
  const issue = exactlyOne(['spec', 'to'], to, ['archive', 'image'], 'the destination');
  if (issue !== null) return [issue];
  if (to.image === undefined) return [];
  const path = ['spec', 'to', 'image'];
  const { name, push, pushTo } = to.image;
  if (push === false && pushTo !== undefined) {
    return [conflict([...path, 'pushTo'], 'spec.to.image.push is false: remove one of them')];
  }
  const issues = checkName(name, [...path, 'name']);
  if (issues.length > 0 || push !== true || pushTo !== undefined) return issues;
  if (!name.startsWith('localhost/')) return [];
  return [
    conflict(
      [...path, 'push'],
      `${name} names no registry: call it as it is called there, or say where with pushTo`,
    ),
  ];
}

/** The name of an image in the store; what is in a file has none. */
function checkName(name: string, path: string[]): FieldIssue[] {
  try {
    const image = parseImageReference(name);
    if (image.transport === 'docker' && image.digest === null) return [];
    return [badValue(path, `expected a name with or without a tag, found "${name}"`)];
  } catch (error) {
    if (error instanceof ValueError) return [badValue(path, error.message)];
    throw error;
  }
}

function checkKeeping({ to, keep, pin, leaveRunning }: CheckpointManifestSpec): FieldIssue[] {
  if (keep !== false) return [];
  const path = ['spec', 'keep'];
  if (to === undefined) return [conflict(path, 'nothing would be left of it: say spec.to, or remove this')];
  if (!leaveRunning) {
    return [
      conflict(
        path,
        'a container that does not go on comes back from the checkpoint that is kept: remove this',
      ),
    ];
  }
  return pin === true ? [conflict(['spec', 'pin'], 'spec.keep is false: there is nothing to pin')] : [];
}

function checkConnections({ options }: CheckpointManifestSpec): FieldIssue[] {
  if (options?.tcpEstablished !== true || options.tcpClose !== true) return [];
  const message = 'spec.options.tcpEstablished keeps what this lets end: remove one of them';
  return [conflict(['spec', 'options', 'tcpClose'], message)];
}
