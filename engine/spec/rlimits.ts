import type { OciRlimit } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';

const RLIM_INFINITY = 18446744073709551615n;

/** The most that a container gets unasked; more only makes programs slow that close every descriptor. */
const DEFAULT_NOFILE = 1_048_576;
/** The highest pid that Linux gives out, pid_max. */
const DEFAULT_NPROC = 4_194_304;

/** Names of setrlimit(2) without the prefix. */
const NAMES = new Set(
  (
    'AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME ' + 'SIGPENDING STACK'
  ).split(' '),
);

/** `process.rlimits`: open files and processes as far as our own limits reach, then what the manifest says. */
export function buildRlimits({ request, limits }: SpecInput): OciRlimit[] {
  const nofile = Math.min(DEFAULT_NOFILE, limits.nofileHard);
  const nproc = Math.min(DEFAULT_NPROC, limits.nprocHard);
  const byType = new Map<string, OciRlimit>([
    ['RLIMIT_NOFILE', { type: 'RLIMIT_NOFILE', soft: nofile, hard: nofile }],
    ['RLIMIT_NPROC', { type: 'RLIMIT_NPROC', soft: nproc, hard: nproc }],
  ]);
  for (const { name, soft, hard } of request.spec.ulimits ?? []) {
    const type = limitType(name, request.name);
    if (hard !== -1 && (soft === -1 || soft > hard)) {
      throw new EngineError(
        'BAD_REQUEST',
        `build limits of container ${request.name}: ulimit ${name}: expected a soft limit of at most the hard one ` +
          `(${String(hard)}), found ${soft === -1 ? 'unlimited' : String(soft)}`,
      );
    }
    byType.set(type, { type, soft: limitValue(soft), hard: limitValue(hard) });
  }
  return [...byType.values()];
}

function limitType(name: string, container: string): string {
  const short = name.toUpperCase().replace(/^RLIMIT_/, '');
  if (NAMES.has(short)) return `RLIMIT_${short}`;
  throw new EngineError(
    'BAD_REQUEST',
    `build limits of container ${container}: unknown ulimit \`${name}\`, expected one of ` +
      [...NAMES].map((known) => known.toLowerCase()).join(', '),
  );
}

function limitValue(value: number): number | bigint {
  return value === -1 ? RLIM_INFINITY : value;
}
