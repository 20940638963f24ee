import { readFile } from 'node:fs/promises';

/** Files of the kernel, and the state in them of a socket that a port belongs to; see proc_net_tcp(5). */
const TABLES = [
  { file: '/proc/net/tcp', protocol: 'TCP', state: '0A' },
  { file: '/proc/net/tcp6', protocol: 'TCP', state: '0A' },
  { file: '/proc/net/udp', protocol: 'UDP', state: '07' },
  { file: '/proc/net/udp6', protocol: 'UDP', state: '07' },
] as const;

/** Ports of the host that somebody has: `TCP 0.0.0.0:8080`, `TCP :::80`. */
export async function listeningPorts(): Promise<Set<string>> {
  const ports = new Set<string>();
  for (const { file, protocol, state } of TABLES) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , found] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (found === state) ports.add(`${protocol} ${formatAddress(address)}:${String(parseInt(port, 16))}`);
    }
  }
  return ports;
}

/** Of version 4 as people write it, the bytes being in the order of the machine; of version 6 only whether it means all. */
function formatAddress(hex: string): string {
  if (hex.length > 8) return /^0+$/.test(hex) ? '::' : hex;
  const bytes = hex.match(/../g) ?? [];
  return bytes
    .reverse()
    .map((byte) => String(parseInt(byte, 16)))
    .join('.');
}
