import { existsSync } from 'node:fs';
import { writeDurably } from '../store/durable-file.ts';

/** How registries are spoken to. What is not said is as skopeo has it: /etc/containers and the user's own files. */
export interface RegistryOptions {
  /** registries.conf(5): mirrors, blocked and insecure registries. */
  registriesConf?: string;
  /** auth.json(5). */
  authFile?: string;
  /** policy.json(5): which signatures are asked for. */
  policy?: string;
  /** `host` or `host:port` of registries without TLS, or with a certificate that nobody vouches for. */
  insecureRegistries?: readonly string[];
  /** Where short names are looked for, in this order. Default: docker.io. */
  searchRegistries?: readonly string[];
}

/** The same as Debian's and podman's own default: signatures are asked for by those who set up a policy. */
const OWN_POLICY = `${JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }, null, 2)}\n`;

/** Options of skopeo itself, to stand before its command. Writes a policy to `ownPolicy` when the host has none. */
export async function globalOptions(registry: RegistryOptions, ownPolicy: string): Promise<string[]> {
  const options = registry.registriesConf === undefined ? [] : ['--registries-conf', registry.registriesConf];
  if (registry.policy !== undefined) return [...options, '--policy', registry.policy];
  if (hasHostPolicy()) return options;
  await writeDurably(ownPolicy, OWN_POLICY);
  return [...options, '--policy', ownPolicy];
}

function hasHostPolicy(): boolean {
  const home = process.env['HOME'] ?? '/root';
  return [`${home}/.config/containers/policy.json`, '/etc/containers/policy.json'].some((file) =>
    existsSync(file),
  );
}

/** Options of `skopeo copy` for a source in `host` (null: not in a registry). */
export function sourceOptions(registry: RegistryOptions, host: string | null): string[] {
  if (host === null) return [];
  return [
    ...(registry.authFile === undefined ? [] : ['--src-authfile', registry.authFile]),
    ...(registry.insecureRegistries?.includes(host) === true ? ['--src-tls-verify=false'] : []),
  ];
}

/** True where nobody on the way can have put something else in the place of an image: by TLS, or on this host. */
export function isProven(
  { registryHost }: { registryHost: string | null },
  { insecureRegistries = [] }: RegistryOptions,
): boolean {
  if (registryHost === null) return false;
  return !insecureRegistries.includes(registryHost) || LOOPBACK.test(registryHost);
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** Options of `skopeo copy` for a destination in `host` (null: not in a registry). */
export function destinationOptions(registry: RegistryOptions, host: string | null): string[] {
  if (host === null) return [];
  return [
    ...(registry.authFile === undefined ? [] : ['--dest-authfile', registry.authFile]),
    ...(registry.insecureRegistries?.includes(host) === true ? ['--dest-tls-verify=false'] : []),
  ];
}

/** From our environment only what skopeo needs to reach a registry. */
export function skopeoEnvironment(temporary: string): Record<string, string> {
  const names = ['HOME', 'XDG_RUNTIME_DIR', 'REGISTRY_AUTH_FILE', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    // Archives are taken apart there, and it must be on disk.
    TMPDIR: temporary,
  };
  for (const name of [...names, ...proxies]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
