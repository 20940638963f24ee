/** What is said of a checkpoint on the outside of its image. */
export interface CheckpointImageFacts {
  container: string;
  /** What the container was made from; null with a root directory. */
  image: { reference: string; id: string } | null;
  runtime: { name: string; version: string | null };
  /** `4.1.1`. */
  criu: string | null;
  kernel: string | null;
  /** As Go has it: `amd64`. */
  architecture: string;
  cgroups: 'v1' | 'v2' | 'hybrid' | null;
}

const PODMAN = 'io.podman.annotations.checkpoint.';
const CRIU = 'org.criu.checkpoint.';
/** podman takes an image for a checkpoint when it has this, and restores it with that runtime only. */
export const RUNTIME_ANNOTATION = `${PODMAN}runtime.name`;
/** By this CRI-O and containerd know one. */
const CONTAINER_ANNOTATION = `${CRIU}container.name`;

/** Under podman's names and under those that CRI-O and checkpointctl read. */
export function checkpointAnnotations(facts: CheckpointImageFacts): Record<string, string> {
  const { container, image, runtime, criu, kernel, architecture, cgroups } = facts;
  const both: Record<string, string | null> = {
    'runtime.name': runtime.name,
    'runtime.version': runtime.version,
    'criu.version': criu === null ? null : compactVersion(criu),
    rootfsImageName: image?.reference ?? null,
    rootfsImageID: image?.id.replace(/^sha256:/, '') ?? null,
    'host.arch': architecture,
    'host.kernel': kernel,
  };
  // A hybrid host has its controllers where v1 has them.
  const version = cgroups === 'hybrid' ? 'v1' : cgroups;
  const all: Record<string, string | null> = {
    ...Object.fromEntries(Object.entries(both).map(([name, value]) => [`${PODMAN}${name}`, value])),
    ...Object.fromEntries(Object.entries(both).map(([name, value]) => [`${CRIU}${name}`, value])),
    [`${PODMAN}name`]: container,
    [`${PODMAN}cgroups.version`]: version,
    [CONTAINER_ANNOTATION]: container,
    [`${CRIU}cgroup.version`]: version,
    [`${CRIU}engine.name`]: 'tsctr',
  };
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null));
}

/** True for an image that holds a checkpoint, whoever made it. */
export function isCheckpointImage(annotations: Readonly<Record<string, string>>): boolean {
  return RUNTIME_ANNOTATION in annotations || CONTAINER_ANNOTATION in annotations;
}

/** CRIU's own number for 4.1.1 is 40101. */
function compactVersion(version: string): string {
  const [major = 0, minor = 0, sublevel = 0] = version.split('.').map(Number);
  return String(major * 10_000 + minor * 100 + sublevel);
}
