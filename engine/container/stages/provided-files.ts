import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerRequest } from '../../../schemas/index.ts';
import { containerEnvFile } from '../../files/container-env.ts';
import { hostnameFile } from '../../files/hostname.ts';
import { hostsFile } from '../../files/hosts.ts';
import { resolvConfFile } from '../../files/resolv-conf.ts';
import type { Stage } from '../../stage.ts';
import { usesHostNetwork } from '../container-context.ts';
import type { ContainerContext } from '../container-context.ts';
import { provideLocaltime } from '../provide-localtime.ts';
import { providePasswd } from '../provide-passwd.ts';

/** Files that the engine provides, mounted over the image's own: hosts, hostname, resolv.conf and the like. */
export const providedFiles: Stage<ContainerContext> = {
  name: 'provided-files',

  async up(context) {
    const { request } = context;
    const [hosts, resolvConf] = await Promise.all([hostsText(request), resolvConfText(request)]);
    await provide(context, '/etc/hosts', hosts);
    await provide(context, '/etc/resolv.conf', resolvConf);
    await provide(context, '/etc/hostname', hostnameFile(hostnameOf(context)));
    await provide(context, '/run/.containerenv', containerEnvText(request));
    await provideLocaltime(context);
    await providePasswd(context);
  },

  down() {
    // They go with the bundle.
    return Promise.resolve();
  },
};

/** Writes a file of the container below its directory of provided files, and notes where it is to be mounted. */
export async function provide(context: ContainerContext, destination: string, text: string): Promise<void> {
  const taken = context.request.spec.volumeMounts?.some((mount) => mount.mountPath === destination);
  if (taken === true) return;
  const file = path.join(context.paths.files, destination.slice(1).replaceAll('/', '-'));
  await writeFile(file, text, { mode: 0o644 });
  context.providedFiles[destination] = file;
}

function hostnameOf({ request, parts }: ContainerContext): string {
  if (usesHostNetwork(request) && request.spec.hostname === undefined) return parts.facts.hostname;
  return request.spec.hostname ?? request.pod?.name ?? request.name;
}

/** With the host's network its names are the host's too; otherwise the container knows itself by loopback. */
async function hostsText(request: ContainerRequest): Promise<string> {
  const onHost = usesHostNetwork(request);
  const hostname = request.spec.hostname ?? request.pod?.name ?? request.name;
  return hostsFile({
    base: onHost ? await readOr('/etc/hosts') : '',
    aliases: request.spec.hostAliases ?? [],
    own: onHost ? [] : [{ ip: '127.0.0.1', hostnames: [...new Set([hostname, request.name])] }],
    hostAddress: null,
  });
}

async function resolvConfText(request: ContainerRequest): Promise<string> {
  return resolvConfFile({
    hostText: await readOr('/etc/resolv.conf'),
    configured: request.spec.dnsConfig,
    ownNetwork: !usesHostNetwork(request),
    ipv6: false,
  });
}

function containerEnvText(request: ContainerRequest): string {
  return containerEnvFile({
    privileged: request.spec.privileged === true || request.spec.securityContext?.privileged === true,
    engine: 'tsctr',
    name: request.name,
    id: request.id,
    image: request.image?.reference ?? '',
    imageId: request.image?.id ?? '',
  });
}

async function readOr(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
