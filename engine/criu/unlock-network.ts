import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import { findProgram } from '../host.ts';
import type { RunCommand } from '../process/run-command.ts';
import { CheckpointImages } from './image/checkpoint-images.ts';
import { openImageDirectory } from './image/directory-images.ts';
import { describeInetSocket } from './image/socket-address.ts';

/** What CRIU locked for the connections of one dump, until their restore takes it away (criu/net.c, criu/netfilter.c). */
export interface NetworkLock {
  method: 'IPTABLES' | 'NFTABLES';
  /** Path of the network namespace that is cut off as a whole; null: each connection by itself, in the host's. */
  namespace: string | null;
  /** With NFTABLES: the name of CRIU's table, of the family inet. */
  table: string;
}

const TIMEOUT_MS = 30_000;
/** CRIU writes `inet CRIU-<run id>` into 32 bytes, so that the end of the id is missing. */
const CUT_NAME_LENGTH = 31 - 'inet '.length;
/** CRIU's chain in a namespace that is cut off as a whole. */
const CHAIN = 'CRIU';
/** SOCCR_MARK: on the packets that CRIU itself sends. */
const MARK = '0xC114';

/** NETWORK_LOCK_METHOD of criu/include/cr_options.h, by the number that stands in the inventory; the last one locks nothing. */
const METHODS = ['IPTABLES', 'NFTABLES', null] as const;

/** How a dump was locked, whatever CRIU was asked for: its configuration file may have said otherwise. Null: not at all. */
export async function readLock(
  images: string,
  pid: number,
): Promise<Pick<NetworkLock, 'method' | 'table'> | null> {
  const opened = new CheckpointImages(await openImageDirectory(images));
  const { network_lock_method: number = 0, dump_criu_run_id: runId } = await opened.inventory();
  const method = METHODS[number] ?? null;
  // Named by the run of CRIU, before CRIU 4.1 by the pid of the first process.
  return method === null ? null : { method, table: `CRIU-${runId ?? String(pid)}` };
}

/** Takes a lock away whose dump nobody will restore. What is not there any more is no error. */
export async function unlockNetwork(run: RunCommand, lock: NetworkLock, images: string): Promise<void> {
  const call = (program: string, ...args: string[]): Promise<boolean> =>
    callIn(run, lock, [program, ...args]);
  if (lock.method === 'NFTABLES') {
    // To delete what is not there fails; to add what is there does not.
    const commands = [...new Set([lock.table, lock.table.slice(0, CUT_NAME_LENGTH)])]
      .map((table) => `add table inet ${table}; delete table inet ${table}`)
      .join('; ');
    if (!(await call('nft', commands))) throw failed(lock, `nft '${commands}'`);
    return;
  }
  const rules = lock.namespace === null ? await connectionRules(images) : namespaceRules();
  for (const { program, rule } of rules) {
    // The second time its chain is not there, which is an error as well.
    while (await call(program, '-w', '-C', ...rule)) {
      if (!(await call(program, '-w', '-D', ...rule))) throw failed(lock, `${program} -D ${rule.join(' ')}`);
    }
  }
  if (lock.namespace === null) return;
  for (const program of ['iptables', 'ip6tables']) {
    if (!(await call(program, '-w', '-F', CHAIN))) continue;
    if (!(await call(program, '-w', '-X', CHAIN))) throw failed(lock, `${program} -X ${CHAIN}`);
  }
}

interface Rule {
  program: 'iptables' | 'ip6tables';
  rule: string[];
}

function namespaceRules(): Rule[] {
  return (['iptables', 'ip6tables'] as const).flatMap((program) =>
    ['INPUT', 'OUTPUT'].map((chain) => ({ program, rule: [chain, '-j', CHAIN] })),
  );
}

/** Both directions of each TCP connection in the images. */
async function connectionRules(images: string): Promise<Rule[]> {
  const files = await new CheckpointImages(await openImageDirectory(images)).files();
  return [...files.values()].flatMap(({ isk }) => {
    if (isk === undefined) return [];
    const { kind, local, remote } = describeInetSocket(isk);
    if (kind !== 'tcp' || remote === null) return [];
    const [ours, theirs] = [endpoint(local), endpoint(remote)];
    const program = ours.address.includes(':') ? 'ip6tables' : 'iptables';
    return [
      { program, rule: dropRule('INPUT', theirs, ours) },
      { program, rule: dropRule('OUTPUT', ours, theirs) },
    ] as const;
  });
}

interface Endpoint {
  address: string;
  port: string;
}

/** `10.0.0.1:80`, `[::1]:80`; an IPv4 address in IPv6 form is one of IPv4 on the wire. */
function endpoint(text: string): Endpoint {
  const [, address = '', port = ''] = /^\[?(?:::ffff:(?=\d+\.))?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { address, port };
}

function dropRule(chain: 'INPUT' | 'OUTPUT', source: Endpoint, destination: Endpoint): string[] {
  return [
    ...[chain, '--protocol', 'tcp', '-m', 'mark', '!', '--mark', MARK],
    ...['--source', source.address, '--sport', source.port],
    ...['--destination', destination.address, '--dport', destination.port, '-j', 'DROP'],
  ];
}

async function callIn(run: RunCommand, { namespace }: NetworkLock, words: string[]): Promise<boolean> {
  const [name = '', ...args] = words;
  const program = findProgram(name);
  const nsenter = findProgram('nsenter');
  if (program === null || nsenter === null) {
    throw new EngineError(
      'TOOL_MISSING',
      `unlock the network: ${program === null ? name : 'nsenter'} is not installed`,
    );
  }
  const command =
    namespace === null
      ? { file: program, args }
      : { file: nsenter, args: [`--net=${path.resolve(namespace)}`, program, ...args] };
  return (await run({ ...command, timeoutMs: TIMEOUT_MS })).exitCode === 0;
}

function failed({ namespace }: NetworkLock, command: string): EngineError {
  return new EngineError(
    'CLEANUP_FAILED',
    `unlock the network ${namespace === null ? 'of the host' : namespace}: CRIU's rules are still there`,
    { hint: `run ${command}${namespace === null ? '' : ` in it (nsenter --net=${namespace})`}` },
  );
}
