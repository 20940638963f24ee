import type { CheckpointEnvironment, RestoreReason } from '../../../schemas/index.ts';

export interface GateFinding {
  reason: RestoreReason;
  /** False: told, and no reason to refuse. */
  refuses: boolean;
  /** Names what differs, what was expected and what is here; without a full stop. */
  message: string;
  /** What would have to change. */
  fix: string;
}

/** Where a checkpoint is to be restored: this host, and the manifest. */
export interface RestorePlace {
  architecture: string;
  kernel: string;
  /** Null where it is not known: then it is not compared. */
  criu: string | null;
  runtime: { name: string; version: string };
  cgroups: CheckpointEnvironment['cgroups'];
  cpuFeatures: ReadonlySet<string>;
  /** Digest of the configuration of the image that the manifest means; null with a root directory. */
  imageId: string | null;
  /** What is to be mounted from the host, by its place in the container; `missing`: the source is not there. */
  mounts: ReadonlyMap<string, 'file' | 'directory' | 'other' | 'missing'>;
  /** Ports of the host that others have: `TCP 0.0.0.0:8080`. */
  portsInUse: ReadonlySet<string>;
  /** Addresses that the container will have; null when they are not known before. */
  addresses: ReadonlySet<string> | null;
}

/**
 * Compares what a checkpoint relied on with where it is to go on, before anything is created. Pure. CRIU would fail as well,
 * late, and would not name what differs.
 */
export function checkRestore(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  return [
    ...checkProcessor(recorded, place),
    ...checkVersions(recorded, place),
    ...checkImage(recorded, place),
    ...checkMounts(recorded, place),
    ...checkNetwork(recorded, place),
  ];
}

/** The findings that refuse, less those that a person has allowed by name. */
export function refusals(
  findings: readonly GateFinding[],
  allowed: ReadonlySet<RestoreReason> = new Set(),
): GateFinding[] {
  return findings.filter(({ reason, refuses }) => refuses && !allowed.has(reason));
}

function refuse(reason: RestoreReason, message: string, fix: string): GateFinding {
  return { reason, refuses: true, message, fix };
}

function checkProcessor(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  if (recorded.architecture !== place.architecture) {
    return [
      refuse(
        'architecture',
        `the checkpoint is of ${recorded.architecture}, and this host is ${place.architecture}`,
        `restore it on a host that is ${recorded.architecture}`,
      ),
    ];
  }
  const missing = recorded.cpu.features.filter(
    (feature) => !NOT_FOR_PROGRAMS.test(feature) && !place.cpuFeatures.has(feature),
  );
  if (missing.length === 0) return [];
  const shown = missing.slice(0, MAX_SHOWN).join(', ');
  const more = missing.length > MAX_SHOWN ? ` and ${String(missing.length - MAX_SHOWN)} more` : '';
  return [
    refuse(
      'cpu-features',
      `the processor lacks ${shown}${more}, which ${recorded.cpu.model} has and the processes may use`,
      'restore it on a processor that has them',
    ),
  ];
}

const MAX_SHOWN = 8;
/** Features that a program neither sees nor uses: of virtualization, power, the kernel's own. */
const NOT_FOR_PROGRAMS =
  /^(?:acpi|aperfmperf|arat|arch_|bts|cqm|dtherm|dtes64|ept|epb|est|flexpriority|hwp|hypervisor|ibpb|ibrs|ida|intel_ppin|kaiser|mba|md_clear|monitor|nonstop_tsc|npt|nrip|ospke|pbe|pdcm|pebs|pln|pti|pts|rdt_|rep_good|retpoline|smap|smep|smx|ssbd|stibp|svm|tm|tm2|tpr_shadow|tsc_deadline_timer|tsc_known_freq|vmx|vnmi|vpid|x2apic|xtopology|xtpr)/;

function checkVersions(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  const findings: GateFinding[] = [];
  if (isOlder(place.kernel, recorded.kernel, 2)) {
    findings.push(
      refuse(
        'kernel-older',
        `the kernel is ${place.kernel}, older than ${recorded.kernel} at the checkpoint`,
        `boot a kernel of ${recorded.kernel} or newer`,
      ),
    );
  }
  if (place.criu !== null && isOlder(place.criu, recorded.criu, 2)) {
    findings.push(
      refuse(
        'criu-older',
        `CRIU is ${place.criu}, older than ${recorded.criu}, which wrote the images`,
        `install CRIU ${recorded.criu} or newer`,
      ),
    );
  }
  if (recorded.cgroups !== place.cgroups) {
    findings.push(
      refuse(
        'cgroup-version',
        `the host has cgroups ${place.cgroups}, and the checkpoint was made with ${recorded.cgroups}`,
        `restore it on a host with cgroups ${recorded.cgroups}`,
      ),
    );
  }
  if (recorded.runtime.name !== place.runtime.name) {
    findings.push({
      reason: 'runtime',
      refuses: false,
      message: `the runtime is ${place.runtime.name}, and was ${recorded.runtime.name} at the checkpoint`,
      fix: `set the runtime to ${recorded.runtime.name} if the restore fails`,
    });
  }
  return findings;
}

function checkImage(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  const expected = recorded.image?.id ?? null;
  if (expected === place.imageId) return [];
  const found = place.imageId === null ? 'a root directory' : shortDigest(place.imageId);
  return [
    refuse(
      'image',
      `the image is ${found}, and was ${expected === null ? 'a root directory' : shortDigest(expected)} at the checkpoint`,
      recorded.image === null
        ? 'name the same root directory in spec.rootfs'
        : `pull ${recorded.image.reference} of that digest, or force the restore with another one`,
    ),
  ];
}

const SHORT_DIGEST = 'sha256:'.length + 12;

function shortDigest(digest: string): string {
  return digest.slice(0, SHORT_DIGEST);
}

function checkMounts(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  return recorded.mounts.flatMap(({ destination, kind }): GateFinding[] => {
    const found = place.mounts.get(destination);
    if (found === undefined || found === 'missing') {
      return [
        refuse(
          'mount-missing',
          found === undefined
            ? `nothing is mounted at ${destination}, where the checkpoint had a ${kind} of the host`
            : `the source of ${destination} is not there`,
          found === undefined ? 'add the mount to the manifest' : 'put it back, or change the manifest',
        ),
      ];
    }
    if (found === kind || kind === 'other' || found === 'other') return [];
    return [
      refuse(
        'mount-kind',
        `${destination} is a ${found}, and was a ${kind}`,
        `mount a ${kind} at ${destination}`,
      ),
    ];
  });
}

function checkNetwork(recorded: CheckpointEnvironment, place: RestorePlace): GateFinding[] {
  const ports = recorded.ports
    .filter(({ hostIP, hostPort, protocol }) => isInUse(place.portsInUse, protocol, hostIP, hostPort))
    .map(({ hostPort, protocol }) =>
      refuse(
        'port-in-use',
        `the port ${String(hostPort)}/${protocol} of the host is in use`,
        'free it, or publish another port on restore',
      ),
    );
  const { addresses } = place;
  if (addresses === null) return ports;
  const missing = recorded.addresses.filter((address) => !addresses.has(address));
  return [
    ...ports,
    ...missing.map((address) =>
      refuse(
        'address-missing',
        `the container will not have the address ${address}, which its connections use`,
        'give it that address, or let the connections end with tcpClose',
      ),
    ),
  ];
}

const ALL_ADDRESSES: readonly string[] = ['', '0.0.0.0', '::'];

/** A port on all addresses clashes with one on any. */
function isInUse(used: ReadonlySet<string>, protocol: string, hostIP: string, port: number): boolean {
  if (port === 0) return false;
  const end = `:${String(port)}`;
  return [...used].some((entry) => {
    if (!entry.startsWith(`${protocol} `) || !entry.endsWith(end)) return false;
    const address = entry.slice(protocol.length + 1, -end.length);
    return address === hostIP || ALL_ADDRESSES.includes(address) || ALL_ADDRESSES.includes(hostIP);
  });
}

/** Compares the first `parts` numbers of two versions, such as `6.12.9-amd64`. What has no numbers is not older. */
function isOlder(one: string, other: string, parts: number): boolean {
  const [ours, theirs] = [one, other].map((version) => version.split(/[.-]/).slice(0, parts).map(Number));
  for (let index = 0; index < parts; index++) {
    const difference = (ours?.[index] ?? 0) - (theirs?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
