/** What the container's /etc/hosts is made from. */
export interface HostsRequest {
  /** The host's or the image's file; empty for none. */
  base: string;
  aliases: readonly HostsEntry[];
  /** The container's own addresses, each with its names. */
  own: readonly HostsEntry[];
  /** The address by which the container reaches the host, or null. */
  hostAddress: string | null;
}

/** An address and its names; the first is the canonical one. */
export interface HostsEntry {
  ip: string;
  hostnames: readonly string[];
}

/** Names for the host, ours and the one that people know from elsewhere. */
const HOST_NAMES = ['host.containers.internal', 'host.docker.internal'];

const LOCALHOST: readonly HostsEntry[] = [
  { ip: '127.0.0.1', hostnames: ['localhost'] },
  { ip: '::1', hostnames: ['localhost', 'ip6-localhost', 'ip6-loopback'] },
];

/**
 * hosts(5): the aliases go first, because the first answer wins; then the base file without comments, loopback where the
 * base has none, the host's address, and the container's own.
 */
export function hostsFile({ base, aliases, own, hostAddress }: HostsRequest): string {
  const entries = [...aliases, ...parseHosts(base)];
  const names = (): Set<string> => new Set(entries.flatMap(({ hostnames }) => [...hostnames]));
  if (!names().has('localhost')) entries.push(...LOCALHOST);
  if (hostAddress !== null) {
    const known = names();
    const missing = HOST_NAMES.filter((name) => !known.has(name));
    if (missing.length > 0) entries.push({ ip: hostAddress, hostnames: missing });
  }
  return formatHosts([...entries, ...own]);
}

/** The file with one more entry, as a member of a shared network namespace adds its own; unchanged if it is there already. */
export function addHostsEntry(text: string, entry: HostsEntry): string {
  const known = parseHosts(text).filter(({ ip }) => ip === entry.ip);
  const missing = entry.hostnames.filter((name) => !known.some(({ hostnames }) => hostnames.includes(name)));
  if (missing.length === 0) return text;
  const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return `${ended}${formatHosts([{ ip: entry.ip, hostnames: missing }])}`;
}

/** Lines with an address and at least one name. */
export function parseHosts(text: string): HostsEntry[] {
  return text.split('\n').flatMap((line) => {
    const [ip, ...hostnames] = line
      .replace(/#.*/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    return ip === undefined || hostnames.length === 0 ? [] : [{ ip, hostnames }];
  });
}

function formatHosts(entries: readonly HostsEntry[]): string {
  return entries
    .filter(({ hostnames }) => hostnames.length > 0)
    .map(({ ip, hostnames }) => `${ip}\t${[...new Set(hostnames)].join(' ')}\n`)
    .join('');
}
