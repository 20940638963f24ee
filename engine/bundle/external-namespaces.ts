import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AT_FDCWD, O_RDONLY } from '../../native/index.ts';
import type { Kernel } from '../../native/index.ts';
import type { OciSpec } from '../../schemas/index.ts';

/** The names under which OCI runtimes keep namespaces that are not in the images. */
const EXTERNAL_NAMES = { net: 'extRootNetNS', pid: 'extRootPidNS' } as const;
type ExternalKind = keyof typeof EXTERNAL_NAMES;

function isOfSpec(spec: OciSpec, kind: ExternalKind): boolean {
  const type = kind === 'net' ? 'network' : 'pid';
  // A network namespace is left to whoever restores even where the runtime made it; one for pids is made by CRIU.
  return spec.linux.namespaces.some(
    (each) => each.type === type && (kind === 'net' || each.path !== undefined),
  );
}

/** At dump: `net[<inode>]:<name>`; each of these namespaces is left out, and expected again at restore. */
export async function dumpedNamespaces(spec: OciSpec, pid: number): Promise<string[]> {
  const kinds = (['net', 'pid'] as const).filter((kind) => isOfSpec(spec, kind));
  return Promise.all(
    kinds.map(async (kind) => {
      const { ino } = await stat(`/proc/${String(pid)}/ns/${kind}`);
      return `${kind}[${String(ino)}]:${EXTERNAL_NAMES[kind]}`;
    }),
  );
}

/** At restore: the PID namespace that the spec names, opened; the caller closes it. */
export function openPidNamespace(kernel: Kernel, spec: OciSpec): number | null {
  const file = spec.linux.namespaces.find(({ type }) => type === 'pid')?.path;
  return file === undefined ? null : kernel.openat2(AT_FDCWD, file, { flags: O_RDONLY });
}

/** For CRIU: which of its descriptors, from `firstPlace` on, stands for which namespace. */
export function inheritedNamespaces(
  namespaces: Readonly<Record<ExternalKind, number | null>>,
  firstPlace: number,
): { fds: number[]; inherited: { key: string; fd: number }[] } {
  const present = (['net', 'pid'] as const).flatMap((kind) => {
    const fd = namespaces[kind];
    return fd === null ? [] : [{ key: EXTERNAL_NAMES[kind], fd }];
  });
  return {
    fds: present.map(({ fd }) => fd),
    inherited: present.map(({ key }, index) => ({ key, fd: firstPlace + index })),
  };
}

/** What is joined by path: network and PIDs come by descriptor, and CRIU knows no way for a cgroup namespace. */
export function joinedNamespaces(spec: OciSpec): { ns: string; ns_file: string }[] {
  return spec.linux.namespaces.flatMap(({ type, path: file }) => {
    const ns = { ipc: 'ipc', uts: 'uts', user: 'user', time: 'time' }[type as string];
    return ns === undefined || file === undefined ? [] : [{ ns, ns_file: file }];
  });
}

/** Whether the images leave the network to whoever restores them; those of runc, without a path in the spec, ask for an empty one. */
export async function hasExternalNetwork(images: string): Promise<boolean> {
  const names = (await readdir(images)).filter((name) => /^netns-\d+\.img$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(path.join(images, name))));
  return texts.some((text) => text.includes(EXTERNAL_NAMES.net));
}
