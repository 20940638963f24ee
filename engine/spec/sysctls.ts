import { EngineError } from '../engine-error.ts';
import { hasOwnNamespace } from './namespaces.ts';
import type { SpecInput } from './spec-input.ts';

/** Kernel parameters that belong to a namespace, and to which: sysctl documentation, namespaces(7). */
const NAMESPACED: readonly { pattern: RegExp; namespace: 'net' | 'ipc' | 'uts'; field: string }[] = [
  { pattern: /^net\./, namespace: 'net', field: 'hostNetwork' },
  {
    pattern: /^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/,
    namespace: 'ipc',
    field: 'hostIPC',
  },
  { pattern: /^fs\.mqueue\./, namespace: 'ipc', field: 'hostIPC' },
  { pattern: /^kernel\.domainname$/, namespace: 'uts', field: 'hostNetwork' },
];

/**
 * `linux.sysctl`. Without being asked, root may open ping sockets in a network namespace of the container's own, because
 * the default capabilities lack NET_RAW. A parameter of the whole host is refused, and so is one of a shared namespace.
 */
export function buildSysctls(input: SpecInput): Record<string, string> {
  const sysctls: Record<string, string> = hasOwnNamespace(input, 'net')
    ? { 'net.ipv4.ping_group_range': '0 0' }
    : {};
  for (const [written, value] of Object.entries(input.request.spec.sysctls ?? {})) {
    // sysctl(8) takes both separators; a name whose first separator is a slash swaps them.
    const name = /^[^./]*\//.test(written) ? swapSeparators(written) : written;
    checkSysctl(name, input);
    sysctls[name] = value;
  }
  return sysctls;
}

function checkSysctl(name: string, input: SpecInput): void {
  const operation = `build sysctls of container ${input.request.name}: ${name}`;
  const rule = NAMESPACED.find(({ pattern }) => pattern.test(name));
  if (rule === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `${operation} belongs to no namespace: it would change the whole host, expected one of net.*, fs.mqueue.*, ` +
        `kernel.shm*, kernel.msg*, kernel.sem, kernel.domainname`,
    );
  }
  if (hasOwnNamespace(input, rule.namespace)) return;
  const holder = input.namespacePaths[rule.namespace] === undefined ? 'the host' : 'the pod';
  throw new EngineError(
    'BAD_REQUEST',
    `${operation} belongs to the ${rule.namespace} namespace, which the container shares with ${holder}`,
    { hint: holder === 'the pod' ? 'set it in the pod' : `drop it, or do not set ${rule.field}` },
  );
}

function swapSeparators(name: string): string {
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}
