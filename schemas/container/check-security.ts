import { CAPABILITIES } from '../value/capability.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict, missing, unknownName } from '../issue/make-issue.ts';
import type { ContainerSecurityContext, PodSecurityContext } from './security-context.ts';
import { suggestion } from '../issue/suggest-name.ts';

type AnyContext = ContainerSecurityContext & PodSecurityContext;

/** The security context of a container or a pod. */
export function checkSecurity(
  context: ContainerSecurityContext | PodSecurityContext | undefined,
  at: FieldPath,
): FieldIssue[] {
  if (context === undefined) return [];
  const all: AnyContext = context;
  const issues = [
    ...checkProfile(all.seccompProfile, [...at, 'seccompProfile']),
    ...checkProfile(all.appArmorProfile, [...at, 'appArmorProfile']),
    ...checkCapabilities(all.capabilities?.add, [...at, 'capabilities', 'add']),
    ...checkCapabilities(all.capabilities?.drop, [...at, 'capabilities', 'drop']),
  ];
  if (all.runAsNonRoot === true && all.runAsUser === 0) {
    issues.push(conflict([...at, 'runAsUser'], 'runAsNonRoot is true: expected a user other than 0'));
  }
  if (all.privileged === true && all.allowPrivilegeEscalation === false) {
    issues.push(
      conflict(
        [...at, 'allowPrivilegeEscalation'],
        'a privileged container can always escalate: remove one of them',
      ),
    );
  }
  return issues;
}

function checkProfile(profile: AnyContext['seccompProfile'], at: FieldPath): FieldIssue[] {
  if (profile === undefined) return [];
  const name = [...at, 'localhostProfile'];
  if (profile.type === 'Localhost' && profile.localhostProfile === undefined) {
    return [missing(name, 'missing, expected the name of the profile for type Localhost')];
  }
  if (profile.type === 'Localhost' || profile.localhostProfile === undefined) return [];
  return [conflict(name, `the type is ${profile.type}: expected Localhost with a profile of this host`)];
}

function checkCapabilities(names: readonly string[] | undefined, at: FieldPath): FieldIssue[] {
  return (names ?? []).flatMap((name, i) => {
    const bare = name.toUpperCase().replace(/^CAP_/, '');
    if (bare === 'ALL' || CAPABILITIES.includes(bare)) return [];
    if (name.trim() === '') return [badValue([...at, i], 'expected the name of a capability, found nothing')];
    return [unknownName([...at, i], `no capability is called \`${name}\`${suggestion(bare, CAPABILITIES)}`)];
  });
}
