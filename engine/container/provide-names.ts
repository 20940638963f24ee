import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hostsFile } from '../files/hosts.ts';
import { hasErrno } from '../../native/index.ts';
import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { resolvConfFile } from '../files/resolv-conf.ts';
import { readInRoot } from '../rootfs/read-in-root.ts';
import { sideBySide } from '../side-by-side.ts';
import { writeVolatile } from '../volatile-file.ts';
import { rootfsPath, usesHostNetwork } from './container-context.ts';
import type { ContainerContext } from './container-context.ts';
import { addToSharedHosts, ensureSharedFile } from './shared-files.ts';
import { readAtOnce } from '../read-at-once.ts';

/** /etc/hosts and /etc/resolv.conf. Members of a pod share one of each, since they share their addresses. */
export async function provideNames(context: ContainerContext): Promise<void> {
  const { request, pod } = context;
  const shared = pod !== null && request.pod?.shared.includes('net') === true ? pod.files : null;
  const provide = async (destination: string, file: Promise<string>): Promise<void> => {
    context.providedFiles[destination] = await file;
  };
  await sideBySide(`provide the names of container/${request.name}`, [
    ...(request.spec.useImageHosts === true ? [] : [provide('/etc/hosts', hosts(context, shared))]),
    ...(request.spec.useImageResolvConf === true
      ? []
      : [provide('/etc/resolv.conf', resolvConf(context, shared))]),
  ]);
}

async function hosts(context: ContainerContext, shared: string | null): Promise<string> {
  if (shared !== null) return sharedHosts(context, shared);
  return write(context, 'etc-hosts', await hostsText(context, ownNames(context.request)));
}

async function resolvConf(context: ContainerContext, shared: string | null): Promise<string> {
  const { request, parts } = context;
  if (shared === null) return write(context, 'etc-resolv.conf', await resolvConfText(request));
  return ensureSharedFile(parts.kernel, path.join(shared, 'resolv.conf'), () => resolvConfText(request));
}

async function sharedHosts(context: ContainerContext, directory: string): Promise<string> {
  const { kernel } = context.parts;
  const file = await ensureSharedFile(kernel, path.join(directory, 'hosts'), () => hostsText(context, []));
  await addToSharedHosts(kernel, file, { ip: '127.0.0.1', hostnames: ownNames(context.request) });
  return file;
}

function write({ paths }: ContainerContext, name: string, text: string): string {
  const file = path.join(paths.files, name);
  writeVolatile(file, text, 0o644);
  return file;
}

/** The host name first, that of the container, and in a pod that of the member. */
export function ownNames(request: ContainerRequest): string[] {
  const hostname = request.spec.hostname ?? request.pod?.name ?? request.name;
  const member = request.pod === null ? [] : [request.pod.member];
  return [...new Set([hostname, request.name, ...member])];
}

/** With the host's network its names are the host's too; otherwise the container knows itself by loopback. */
async function hostsText(context: ContainerContext, names: string[]): Promise<string> {
  const { request } = context;
  return hostsFile({
    base: await baseHosts(context),
    aliases: request.spec.hostAliases ?? [],
    own: usesHostNetwork(request) || names.length === 0 ? [] : [{ ip: '127.0.0.1', hostnames: names }],
    hostAddress: null,
  });
}

async function baseHosts(context: ContainerContext): Promise<string> {
  const { request, parts } = context;
  const base = request.spec.baseHostsFile ?? (usesHostNetwork(request) ? 'host' : 'none');
  if (base === 'none') return '';
  if (base === 'host') return readOr('/etc/hosts');
  if (base === 'image') return readInRoot(parts.kernel, rootfsPath(context), '/etc/hosts') ?? '';
  return readFile(base, 'utf8').catch((error: unknown) => {
    throw new EngineError(
      'BAD_REQUEST',
      `build hosts of container ${request.name}: read ${base}: no such file`,
      {
        cause: error,
        hint: 'name a file of this host in spec.baseHostsFile, or host, image or none',
      },
    );
  });
}

/** `ipv6`: the container has an address by which it reaches such servers. */
export async function resolvConfText(
  request: ContainerRequest,
  { ipv6 }: { ipv6: boolean } = { ipv6: false },
): Promise<string> {
  return resolvConfFile({
    hostText: await readOr('/etc/resolv.conf'),
    configured: request.spec.dnsConfig,
    ownNetwork: !usesHostNetwork(request),
    ipv6,
  });
}

async function readOr(file: string): Promise<string> {
  try {
    return await readAtOnce(file);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
