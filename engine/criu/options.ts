import type { CheckpointAllowances } from '../contract/checkpoint-allowances.ts';
import type { CriuCgroupsMode, CriuNetworkLock, CriuOptions } from '../../schemas/index.ts';

/** With what only those ask for who drive a container by an OCI runtime's command line, or configure CRIU by a file. */
export interface CriuAllowances extends CheckpointAllowances {
  /** Processes of a session whose leader is not among them, such as those that a shell started. */
  shellJob?: boolean;
  /** Path of a CRIU configuration file that is read last; an empty string is none. */
  configFile?: string;
}

/** What only those ask for who drive a container by an OCI runtime's command line; the same at dump and at restore. */
export interface CriuVariations {
  /** How much of the cgroups CRIU is to make and set; default SOFT. */
  cgroupsMode?: CriuCgroupsMode;
  /** CLONE_NEWNET: the network namespace is not saved, and comes back empty. */
  emptyNamespaces?: number;
  /** Free the place of pages in earlier images as they are found anew, or restored. */
  autoDedup?: boolean;
  /** The pages are fetched while the restored processes run already. */
  lazyPages?: boolean;
}

/** CRIU's own limit of 1 MiB is below what a database keeps in a deleted temporary file. */
const DEFAULT_GHOST_LIMIT_BYTES = 64 << 20;
/** What CRIU logs, criu/include/log.h; an error is explained from it. What `debug` adds is more than all else together. */
export const CRIU_LOG_LEVEL = { info: 3, debug: 4 } as const;
export const DUMP_LOG = 'dump.log';
export const RESTORE_LOG = 'restore.log';

/** The part of the options that dump, pre-dump and restore have in common. */
export function allowanceOptions(allowances: CriuAllowances): Partial<CriuOptions> {
  const { configFile = '' } = allowances;
  return {
    tcp_established: allowances.tcpEstablished === true,
    tcp_close: allowances.tcpClose === true,
    tcp_skip_in_flight: allowances.tcpSkipInFlight === true,
    file_locks: allowances.fileLocks === true,
    ext_unix_sk: allowances.externalUnixSockets === true,
    shell_job: allowances.shellJob === true,
    link_remap: allowances.linkRemap !== false,
    ghost_limit: allowances.ghostLimitBytes ?? DEFAULT_GHOST_LIMIT_BYTES,
    ...(configFile === '' ? {} : { config_file: configFile }),
  };
}

export function variationOptions(variations: CriuVariations): Partial<CriuOptions> {
  const { cgroupsMode = 'SOFT', emptyNamespaces = 0, autoDedup, lazyPages } = variations;
  return {
    manage_cgroups: cgroupsMode !== 'IGNORE',
    manage_cgroups_mode: cgroupsMode,
    ...(emptyNamespaces === 0 ? {} : { empty_ns: emptyNamespaces }),
    ...(autoDedup === true ? { auto_dedup: true } : {}),
    ...(lazyPages === true ? { lazy_pages: true } : {}),
  };
}

/**
 * Without kept connections nothing has to be kept away from the network. With nftables each dump has a table of its own, which can be
 * taken away without touching that of another, and CRIU starts no programs. The method of the dump is also that of the restore,
 * whatever it is told: it stands in the images.
 */
export function networkLock(
  allowances: CriuAllowances,
  tools: { nft: string | null; iptablesRestore: string | null },
): CriuNetworkLock {
  if (allowances.tcpEstablished !== true) return 'SKIP';
  return tools.nft === null && tools.iptablesRestore !== null ? 'IPTABLES' : 'NFTABLES';
}
