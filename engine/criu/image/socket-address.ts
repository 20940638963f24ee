import net from 'node:net';
import type { InetSocket, UnixSocket } from './image-entry.ts';

const AF_INET = 2;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

/** States of a socket, by the number that the kernel gives them (tcp_states.h). */
const TCP_STATES = [
  'unknown',
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
];

export interface InetSocketDescription {
  kind: 'tcp' | 'udp' | 'raw' | 'other';
  /** `10.0.0.1:80`, `[::1]:80`. */
  local: string;
  /** Null when it is not connected. */
  remote: string | null;
  state: string;
}

export function describeInetSocket(socket: InetSocket): InetSocketDescription {
  const { family, src_addr, dst_addr, src_port, dst_port, proto } = socket;
  const isIpv4 = family === AF_INET;
  const connected = dst_port !== 0;
  return {
    kind:
      proto === IPPROTO_TCP
        ? 'tcp'
        : proto === IPPROTO_UDP
          ? 'udp'
          : socket.type > SOCK_DGRAM
            ? 'raw'
            : 'other',
    local: endpoint(isIpv4, src_addr, src_port),
    remote: connected ? endpoint(isIpv4, dst_addr, dst_port) : null,
    state: TCP_STATES[socket.state] ?? 'unknown',
  };
}

export interface UnixSocketDescription {
  kind: 'stream' | 'datagram' | 'seqpacket';
  /** A path, `@name` for abstract ones, null for none. */
  name: string | null;
  /** Its other end is not in the checkpoint. */
  external: boolean;
  state: string;
}

const EXTERNAL = 1;

export function describeUnixSocket({ type, name, uflags, state }: UnixSocket): UnixSocketDescription {
  const text = Buffer.from(name).toString('utf8').replaceAll('\0', '@');
  return {
    kind: type === SOCK_STREAM ? 'stream' : type === SOCK_DGRAM ? 'datagram' : 'seqpacket',
    name: text === '' ? null : text,
    external: (uflags & EXTERNAL) !== 0,
    state: TCP_STATES[state] ?? 'unknown',
  };
}

function endpoint(isIpv4: boolean, words: readonly number[], port: number): string {
  const address = formatAddress(isIpv4, words);
  return isIpv4 ? `${address}:${String(port)}` : `[${address}]:${String(port)}`;
}

/** The words are the bytes of the address as they lie in memory. */
function formatAddress(isIpv4: boolean, words: readonly number[]): string {
  const bytes = Buffer.alloc(isIpv4 ? 4 : 16);
  for (const [index, word] of words.slice(0, bytes.length / 4).entries())
    bytes.writeUInt32LE(word >>> 0, index * 4);
  if (isIpv4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // Node writes it in its short form.
  return new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
