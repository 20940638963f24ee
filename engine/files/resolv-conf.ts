import { isIPv6 } from 'node:net';

/** What the container's /etc/resolv.conf is made from. */
export interface ResolvConfRequest {
  /** The host's file, or that of a named network namespace; empty where there is none. */
  hostText: string;
  /** `spec.dnsConfig`. */
  configured?:
    | {
        nameservers?: readonly string[] | undefined;
        searches?: readonly string[] | undefined;
        options?: readonly { name: string; value?: string | undefined }[] | undefined;
      }
    | undefined;
  /** What the container's networks bring: their DNS server and search domains. */
  networks?: { nameservers: readonly string[]; searches: readonly string[] };
  /** False when the container uses the host's network, whose loopback addresses it reaches. */
  ownNetwork: boolean;
  /** Whether the container has IPv6 addresses, so that it reaches such servers. */
  ipv6: boolean;
}

export interface ResolvConf {
  nameservers: string[];
  searches: string[];
  options: string[];
}

/**
 * resolv.conf(5). Each part comes from the first that has it: the manifest, the networks (the servers replace the host's,
 * the searches go before them), the host.
 */
export function resolvConfFile(request: ResolvConfRequest): string {
  const host = parseResolvConf(request.hostText);
  const { configured, networks } = request;
  const reachable = host.nameservers.filter((server) => isReachable(server, request));
  const nameservers = firstFilled(configured?.nameservers, networks?.nameservers, reachable);
  const searches = firstFilled(configured?.searches, [...(networks?.searches ?? []), ...host.searches]);
  const asked = configured?.options?.map(({ name, value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  return formatResolvConf({
    nameservers: [...nameservers],
    // A single dot is the word for "no search at all", as in podman.
    searches: searches.filter((domain) => domain !== '.'),
    options: [...firstFilled(asked, host.options)],
  });
}

/** The last `search` or `domain` counts, options add up. Everything else is left out. */
export function parseResolvConf(text: string): ResolvConf {
  const parsed: ResolvConf = { nameservers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (keyword === 'nameserver' && values[0] !== undefined) parsed.nameservers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') parsed.searches = values;
    if (keyword === 'options') parsed.options.push(...values);
  }
  return parsed;
}

function formatResolvConf({ nameservers, searches, options }: ResolvConf): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${[...new Set(searches)].join(' ')}`] : []),
    ...[...new Set(nameservers)].map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${[...new Set(options)].join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function isReachable(server: string, { ownNetwork, ipv6 }: ResolvConfRequest): boolean {
  if (!ownNetwork) return true;
  const address = server.replace(/%.*/, '');
  // The first isIPv6() of a process costs 5 ms: Node compiles a large expression.
  if (!address.includes(':') || !isIPv6(address)) return !address.startsWith('127.');
  // A link-local server hangs on an interface of the host.
  return ipv6 && address !== '::1' && !server.includes('%') && !/^fe[89ab]/i.test(address);
}

function firstFilled(...lists: (readonly string[] | undefined)[]): readonly string[] {
  return lists.find((list) => list !== undefined && list.length > 0) ?? [];
}
