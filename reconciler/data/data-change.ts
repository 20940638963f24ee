import type { DataUse } from '../../engine/index.ts';
import type { FieldChange } from '../plan/spec-change.ts';

/**
 * What changed values of config maps and secrets ask for: a restart where their manifest says so, else new files in place. The
 * versions say nothing about the values. What a container did not have when it was made, it gets when it is made anew.
 */
export function compareData(
  present: Readonly<Record<string, string>>,
  desired: Readonly<Record<string, DataUse>>,
): FieldChange[] {
  return Object.entries(desired).flatMap(([key, { version, policy }]) => {
    const before = present[key];
    if (before === undefined || before === version) return [];
    return [
      {
        path: key,
        from: short(before),
        to: short(version),
        effect: policy === 'restart' ? 'restart' : 'in place',
      },
    ];
  });
}

function short(version: string): string {
  return `version ${version.slice(0, 8)}`;
}
