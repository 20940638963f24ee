import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { conflict } from '../issue/make-issue.ts';
import { parseMilli } from '../value/parse-quantity.ts';
import type { ResourceRequirements } from './resources.ts';

/** What is set aside for a container cannot be more than what it may have. */
export function checkResources(resources: ResourceRequirements | undefined, at: FieldPath): FieldIssue[] {
  return (['cpu', 'memory', 'pids'] as const).flatMap((name) => {
    const request = resources?.requests?.[name];
    const limit = resources?.limits?.[name];
    if (request === undefined || limit === undefined || parseMilli(request) <= parseMilli(limit)) return [];
    return [conflict([...at, 'requests', name], `expected at most the limit ${limit}, found ${request}`)];
  });
}
