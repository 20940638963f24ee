import { checkEnvironment } from './check-environment.ts';
import { checkProbes } from './check-probes.ts';
import { checkResources } from './check-resources.ts';
import { checkSecurity } from './check-security.ts';
import type { PodContainer } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { parseImageReference } from '../value/image-reference.ts';
import { badValue } from '../issue/make-issue.ts';
import { ValueError } from '../value/value-error.ts';

/** What a Container and the containers of a Pod have in common. */
export function checkContainerFields(spec: Omit<PodContainer, 'name'>, parent: FieldPath): FieldIssue[] {
  return [
    ...checkImage(spec.image, [...parent, 'image']),
    ...checkEnvironment(spec, parent),
    ...checkProbes(spec, parent),
    ...checkResources(spec.resources, [...parent, 'resources']),
    ...checkSecurity(spec.securityContext, [...parent, 'securityContext']),
  ];
}

function checkImage(text: string | undefined, at: FieldPath): FieldIssue[] {
  if (text === undefined) return [];
  try {
    const image = parseImageReference(text);
    if (image.transport === 'docker' || image.path.startsWith('/')) return [];
    // The daemon has no directory that a relative path could be meant from.
    return [
      badValue(
        at,
        `expected an absolute path after ${image.transport}:, found ${JSON.stringify(image.path)}`,
      ),
    ];
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return [badValue(at, error.message)];
  }
}
