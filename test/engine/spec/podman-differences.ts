import type { SpecDifference } from '../../support/canonical-spec.ts';

/** A way in which our spec is not podman's, and why that is right. */
export interface AcceptedDifference {
  /** Fixtures in which it may appear; all when absent. */
  fixtures?: RegExp;
  fact: RegExp;
  /** What else must hold of the two values. */
  where?: (difference: SpecDifference) => boolean;
  reason: string;
}

const isAbsentOurs = ({ ours }: SpecDifference): boolean => ours === undefined;
const isAbsentTheirs = ({ podman }: SpecDifference): boolean => podman === undefined;

export const ACCEPTED_DIFFERENCES: readonly AcceptedDifference[] = [
  {
    fact: /^process\.env\[container\]$/,
    where: ({ ours }) => ours === '"tsctr"',
    reason: 'the marker names the engine',
  },
  {
    fact: /^annotations\.io\.container\.manager$/,
    where: ({ ours }) => ours === '"tsctr"',
    reason: 'the annotation names the engine',
  },
  {
    fact: /^annotations\.dev\.tsctr\.(name|created|image|pod|privileged)$/,
    where: isAbsentTheirs,
    reason:
      'podman keeps name, image, pod and time in its database only; a spec that tells them is easier to follow',
  },
  {
    fixtures: /^privileged$/,
    fact: /^annotations\.io\.podman\.annotations\.privileged$/,
    where: isAbsentOurs,
    reason: "podman's own word; ours is dev.tsctr.privileged",
  },
  {
    fixtures: /^(caps|init|userns-.*)$/,
    fact: /^annotations\.io\.podman\.annotations\.(seccomp|init|userns)$/,
    where: isAbsentOurs,
    reason: "podman's memory of how a container was asked for; our records hold the manifest",
  },
  {
    fixtures: /^pod-member$/,
    fact: /^annotations\.io\.kubernetes\.cri-o\.SandboxID$/,
    where: isAbsentOurs,
    reason: 'for checkpoint tools of CRI-O; ours is dev.tsctr.pod',
  },
  {
    fact: /^(hostname|process\.env\[HOSTNAME\])$/,
    where: ({ podman, ours }) => ours === '"web"' && /^"[0-9a-f]{12}"$/.test(podman ?? ''),
    reason: "a container is called by its manifest's name, not by a part of its id",
  },
  {
    fixtures: /^init$/,
    fact: /^(process\.args|mounts\[\/run\/(podman|tsctr)-init\]\..*)$/,
    where: ({ podman, ours }) =>
      (podman ?? '').replace('podman-init', 'tsctr-init') === ours || !podman || !ours,
    reason: 'the place of the init in the container carries the name of the engine',
  },
  {
    fixtures: /^cgroupv2-/,
    fact: /^linux\.resources\.pids\.limit$/,
    where: ({ podman, ours }) => podman === '-1' && ours === undefined,
    reason: 'the host had no pids controller: podman writes "unlimited", we write no limit',
  },
  {
    fixtures: /^memcpu$/,
    fact: /^linux\.resources\.blockIO\.weight$/,
    where: ({ ours }) => ours === '100',
    reason: 'podman drops a weight that the kernel cannot take; we let the runtime refuse what cannot be had',
  },
  {
    fact: /^linux\.seccomp\.syscalls\[setns\]$/,
    where: ({ podman, ours }) => podman?.includes('ERRNO') === true && ours?.includes('ERRNO') === false,
    reason:
      "podman's profile allows and refuses setns at once; we leave it to the kernel, which asks for CAP_SYS_ADMIN",
  },
  {
    fixtures: /^volume-copyup$/,
    fact: /^mounts\[\/data2\]\.options$/,
    where: ({ podman, ours }) => podman?.replace('"nocopy",', '') === ours,
    reason: '`nocopy` is for the engine, not an option of mount(8)',
  },
];

/** The differences that no entry of the list accepts. */
export function unexpectedDifferences(
  fixture: string,
  differences: readonly SpecDifference[],
): SpecDifference[] {
  return differences.filter((difference) => acceptedBy(fixture, difference) === undefined);
}

/** The entry that accepts a difference. */
export function acceptedBy(fixture: string, difference: SpecDifference): AcceptedDifference | undefined {
  return ACCEPTED_DIFFERENCES.find(
    ({ fixtures, fact, where }) =>
      (fixtures?.test(fixture) ?? true) && fact.test(difference.fact) && (where?.(difference) ?? true),
  );
}
