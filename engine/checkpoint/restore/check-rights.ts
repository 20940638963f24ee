import type { OciSpec, RestoreReason } from '../../../schemas/index.ts';
import type { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import type { CoreEntry, CredsEntry, KobjIds } from '../../criu/image/image-entry.ts';
import { CAPABILITIES } from '../../spec/capabilities.ts';
import { lsmProfileOf } from '../lsm-profile.ts';
import type { LsmProfile } from '../lsm-profile.ts';
import type { GateFinding } from './restore-gate.ts';

/** What the specification allows the processes, in the words of CRIU's images. */
interface AllowedRights {
  capabilities: ReadonlySet<string>;
  uid: number;
  noNewPrivileges: boolean;
  seccomp: boolean;
  /** Another one in the images is replaced by it at the restore; CRIU has no way to give one to a process that had none. */
  lsmProfile: LsmProfile | null;
}

const REASON: RestoreReason = 'rights';
/** SECCOMP_MODE_FILTER, linux/seccomp.h. */
const SECCOMP_FILTER = 2;

/**
 * Compares what the processes in the images can do with what `spec`, which was made of the manifest, allows: CRIU gives them back
 * whatever stands in the images. Which calls a seccomp filter lets through is not compared, only that there is one. Pure but for
 * the reading of the images.
 */
export async function checkRights(images: CheckpointImages, spec: OciSpec): Promise<GateFinding[]> {
  const { process, linux } = spec;
  const allowed: AllowedRights = {
    capabilities: new Set(process.capabilities.bounding ?? []),
    uid: process.user.uid,
    noNewPrivileges: process.noNewPrivileges === true,
    seccomp: linux.seccomp !== undefined,
    lsmProfile: lsmProfileOf(spec),
  };
  const findings: GateFinding[] = [];
  const { root_ids: host } = await images.inventory();
  const processes = await images.processes();
  for (const { pid, threads } of processes) {
    for (const thread of new Set([pid, ...threads])) {
      const core = await images.core(thread);
      findings.push(...compareRights(core, allowed, pid));
    }
  }
  const [first] = processes;
  const ids = first === undefined ? null : await images.ids(first.pid);
  return [...dedupe(findings), ...compareNamespaces(ids, host ?? null, spec)];
}

function compareRights(
  { tc, thread_core: thread }: CoreEntry,
  allowed: AllowedRights,
  pid: number,
): GateFinding[] {
  const name = `the process ${String(pid)}${tc === undefined ? '' : ` (${tc.comm.replace(/[^\x20-\x7e]/g, '?')})`}`;
  const creds = thread?.creds;
  // A zombie has none, and can do nothing.
  if (creds === undefined) return [];
  const findings: GateFinding[] = [];
  const extra = extraCapabilities(creds, allowed.capabilities);
  if (extra.length > 0) {
    findings.push(
      refusal(
        `${name} has ${extra.slice(0, MAX_SHOWN).join(', ')}${extra.length > MAX_SHOWN ? ` and ${String(extra.length - MAX_SHOWN)} more` : ''}, which the manifest does not give`,
        'add them in spec.securityContext.capabilities if it may have them',
      ),
    );
  }
  const isRoot = [creds.uid, creds.euid].includes(0);
  if (allowed.uid !== 0 && isRoot) {
    findings.push(
      refusal(
        `${name} is root, and the manifest has it run as user ${String(allowed.uid)}`,
        'set spec.user to 0 if it may be root',
      ),
    );
  }
  if (allowed.noNewPrivileges && (creds.no_new_privs ?? 0) === 0) {
    findings.push(
      refusal(
        `${name} may gain rights by programs with the suid bit, and the manifest forbids that`,
        'set spec.securityContext.allowPrivilegeEscalation: true if it may',
      ),
    );
  }
  if (allowed.seccomp && thread?.seccomp_mode !== SECCOMP_FILTER) {
    findings.push(
      refusal(
        `${name} has no seccomp filter, and the manifest gives it one`,
        'set spec.securityContext.seccompProfile.type: Unconfined if it may do without',
      ),
    );
  }
  if (allowed.lsmProfile !== null && (creds.lsm_profile ?? '') === '') {
    findings.push(unconfined(name, allowed.lsmProfile));
  }
  return findings;
}

function unconfined(process: string, { module, name }: LsmProfile): GateFinding {
  return module === 'apparmor'
    ? refusal(
        `${process} has no AppArmor profile, and the manifest gives it ${name}`,
        'set spec.securityContext.appArmorProfile.type: Unconfined if it may do without',
      )
    : refusal(
        `${process} has no SELinux label, and the manifest gives it ${name}`,
        'make the checkpoint on a host with SELinux',
      );
}

const MAX_SHOWN = 6;

function extraCapabilities(creds: CredsEntry, allowed: ReadonlySet<string>): string[] {
  const sets = [creds.cap_bnd, creds.cap_prm, creds.cap_eff, creds.cap_inh, creds.cap_amb];
  const found = new Set(sets.flatMap(namesOf));
  return [...found].filter((name) => !allowed.has(name)).sort();
}

/** The capabilities of a set as it stands in the images. */
export function namesOf(words: readonly number[] = []): string[] {
  return words.flatMap((word, index) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => (word >>> bit) & 1)
      .map((bit) => CAPABILITIES[index * 32 + bit] ?? `capability ${String(index * 32 + bit)}`),
  );
}

const NAMESPACES = {
  pid: 'pid_ns_id',
  ipc: 'ipc_ns_id',
  uts: 'uts_ns_id',
  mount: 'mnt_ns_id',
  network: 'net_ns_id',
} as const;

/** A process that had the host's namespace would have it again, whatever the manifest says. */
function compareNamespaces(ids: KobjIds | null, host: KobjIds | null, { linux }: OciSpec): GateFinding[] {
  if (ids === null || host === null) return [];
  return Object.entries(NAMESPACES).flatMap(([type, field]) => {
    const isOwn = linux.namespaces.some((namespace) => namespace.type === type);
    const hadHosts = ids[field] !== undefined && ids[field] === host[field];
    if (!isOwn || !hadHosts) return [];
    return [
      refusal(
        `its processes have the ${type} namespace of the host, and the manifest gives them one of their own`,
        `make a checkpoint of a container with a ${type} namespace of its own`,
      ),
    ];
  });
}

function refusal(message: string, fix: string): GateFinding {
  return { reason: REASON, refuses: true, message, fix };
}

/** Threads of a process have the same rights, mostly. */
function dedupe(findings: readonly GateFinding[]): GateFinding[] {
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()];
}
