import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict, missing } from '../issue/make-issue.ts';
import type { UserNamespace } from './user-namespace.ts';

const PATH: FieldPath = ['spec', 'userns'];

/** Each mode has fields of its own. */
const FIELDS: Readonly<Record<UserNamespace['mode'], readonly (keyof UserNamespace)[]>> = {
  host: [],
  auto: ['size'],
  map: ['uidMappings', 'gidMappings'],
  container: ['container'],
};

/** What the fields of `spec.userns` say about each other. */
export function checkUserNamespace(
  userns: UserNamespace | undefined,
  spec: { privileged?: boolean | undefined },
): FieldIssue[] {
  if (userns === undefined) return [];
  const allowed = FIELDS[userns.mode];
  const strangers = (['size', 'uidMappings', 'gidMappings', 'container'] as const).filter(
    (name) => userns[name] !== undefined && !allowed.includes(name),
  );
  const issues = strangers.map((name) =>
    conflict([...PATH, name], `mode ${userns.mode} has no use for it: remove it or change the mode`),
  );
  if (userns.mode === 'map' && userns.uidMappings === undefined) {
    issues.push(missing([...PATH, 'uidMappings'], 'missing, expected the user ids of mode map'));
  }
  if (userns.mode === 'container' && userns.container === undefined) {
    issues.push(missing([...PATH, 'container'], 'missing, expected the name of a container'));
  }
  if (userns.mode !== 'host' && spec.privileged === true) {
    issues.push(
      conflict([...PATH, 'mode'], "a privileged container has the host's users: remove one of them"),
    );
  }
  for (const name of ['uidMappings', 'gidMappings'] as const) {
    const mappings = userns[name];
    if (mappings === undefined) continue;
    if (mappings.length === 0)
      issues.push(badValue([...PATH, name], 'expected at least one line, found none'));
    issues.push(...overlapping(mappings, [...PATH, name]));
  }
  return issues;
}

type Mapping = NonNullable<UserNamespace['uidMappings']>[number];

function overlapping(mappings: readonly Mapping[], at: FieldPath): FieldIssue[] {
  return mappings.flatMap((one, i) =>
    mappings
      .slice(0, i)
      .some((other) =>
        (['containerID', 'hostID'] as const).some(
          (side) => one[side] < other[side] + other.size && other[side] < one[side] + one.size,
        ),
      )
      ? [badValue([...at, i], 'it overlaps with a line above')]
      : [],
  );
}
