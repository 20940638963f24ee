import { parseHosts } from './hosts.ts';
import type { HostsEntry } from './hosts.ts';

/**
 * hosts(5) once the addresses are known: the names that stood for loopback meanwhile stand for them, and everything else stays.
 * Completing it twice is the same as once; without an address nothing changes.
 */
export function completeHosts(
  text: string,
  {
    addresses,
    names,
    keepLoopback,
  }: { addresses: readonly string[]; names: readonly string[]; keepLoopback: boolean },
): string {
  if (addresses.length === 0) return text;
  const isOurs = ({ ip, hostnames }: HostsEntry): boolean =>
    hostnames.every((name) => names.includes(name)) &&
    (addresses.includes(ip) || (ip === '127.0.0.1' && !keepLoopback));
  const others = parseHosts(text).filter((entry) => !isOurs(entry));
  return [...others, ...addresses.map((ip) => ({ ip, hostnames: names }))]
    .map(({ ip, hostnames }) => `${ip}\t${hostnames.join(' ')}\n`)
    .join('');
}

/** IPv4 addresses of a network namespace but for loopback, from `/proc/<pid>/net/fib_trie`. */
export function parseFibTrie(text: string): string[] {
  const found = [...text.matchAll(/\|-- (\d+(?:\.\d+){3})\n\s+\/32 host LOCAL/g)].map(([, ip = '']) => ip);
  return [...new Set(found)].filter((ip) => !ip.startsWith('127.'));
}

/** Global IPv6 addresses of a network namespace, from `/proc/<pid>/net/if_inet6`. */
export function parseIfInet6(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', , , scope] = line.trim().split(/\s+/);
    if (scope !== '00' || !/^[0-9a-f]{32}$/.test(address)) return [];
    // The WHATWG's parser writes an address in its shortest form.
    const groups = address.match(/.{4}/g) ?? [];
    return [new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)];
  });
}
