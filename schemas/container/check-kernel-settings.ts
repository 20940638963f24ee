import { usesHostNetwork } from '../pod/host-network.ts';
import type { ContainerSpec } from './container.ts';
import type { FieldIssue } from '../issue/field-issue.ts';
import type { FieldPath } from '../issue/field-path.ts';
import { badValue, conflict, duplicate, findDuplicates, unknownName } from '../issue/make-issue.ts';
import { parseBytes } from '../value/parse-quantity.ts';
import { parseSignal } from '../value/signal.ts';
import { suggestion } from '../issue/suggest-name.ts';
import { ValueError } from '../value/value-error.ts';

/** See getrlimit(2). */
const ULIMITS = [
  ...[
    'core',
    'cpu',
    'data',
    'fsize',
    'locks',
    'memlock',
    'msgqueue',
    'nice',
    'nofile',
    'nproc',
    'rss',
    'rtprio',
  ],
  ...['rttime', 'sigpending', 'stack', 'as'],
];

/** Signals, limits and sizes that the kernel must know, and sysctls that belong to the container's own namespaces. */
export function checkKernelSettings(spec: ContainerSpec): FieldIssue[] {
  return [
    ...readable(['spec', 'stopSignal'], spec.stopSignal, parseSignal),
    ...readable(['spec', 'shmSize'], spec.shmSize, parseBytes),
    ...checkUlimits(spec.ulimits ?? []),
    ...Object.keys(spec.sysctls ?? {}).flatMap((name) =>
      checkSysctl(name, ['spec', 'sysctls', name], {
        hasHostNetwork: usesHostNetwork(spec),
        hasHostIpc: spec.hostIPC === true,
      }),
    ),
  ];
}

function checkUlimits(ulimits: NonNullable<ContainerSpec['ulimits']>): FieldIssue[] {
  const parent = ['spec', 'ulimits'];
  const issues = ulimits.flatMap(({ name, soft, hard }, i) => {
    if (!ULIMITS.includes(name)) {
      return [
        unknownName([...parent, i, 'name'], `no ulimit is called \`${name}\`${suggestion(name, ULIMITS)}`),
      ];
    }
    if (hard === -1 || (soft !== -1 && soft <= hard)) return [];
    const found = soft === -1 ? 'unlimited' : String(soft);
    return [
      conflict([...parent, i, 'soft'], `expected at most the hard limit ${String(hard)}, found ${found}`),
    ];
  });
  const twice = findDuplicates(
    ulimits,
    ({ name }) => name,
    ({ name }, i) => duplicate([...parent, i, 'name'], `the ulimit \`${name}\` stands above already`),
  );
  return [...issues, ...twice];
}

/** Only what a namespace keeps apart can be set for one container. See namespaces(7), ipc_namespaces(7). */
export function checkSysctl(
  name: string,
  at: FieldPath,
  shared: { hasHostNetwork: boolean; hasHostIpc: boolean },
): FieldIssue[] {
  const dotted = name.replaceAll('/', '.');
  const mark = (issue: FieldIssue): FieldIssue[] => [
    { ...issue, mark: at.at(-1) === name ? 'name' : 'value' },
  ];
  if (dotted === 'kernel.hostname' || dotted === 'kernel.domainname') {
    return mark(conflict(at, 'the name of the container is set by spec.hostname'));
  }
  const isNet = /^net\.[\w.-]+$/.test(dotted);
  const isIpc = /^(kernel\.(shm\w+|msg\w+|sem)|fs\.mqueue\.\w+)$/.test(dotted);
  if (!isNet && !isIpc) {
    const expected = 'expected net.*, kernel.shm*, kernel.msg*, kernel.sem or fs.mqueue.*';
    return mark(
      badValue(at, `not a sysctl of one container alone: ${expected}, found ${JSON.stringify(name)}`),
    );
  }
  if (isNet && shared.hasHostNetwork) {
    return mark(
      conflict(at, 'the container uses the network of the host, whose sysctls cannot be set for it'),
    );
  }
  if (!isIpc || !shared.hasHostIpc) return [];
  return mark(
    conflict(at, 'the container uses the IPC namespace of the host, whose sysctls cannot be set for it'),
  );
}

function readable(at: FieldPath, text: string | undefined, parse: (text: string) => unknown): FieldIssue[] {
  if (text === undefined) return [];
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return [badValue(at, error.message)];
  }
}
