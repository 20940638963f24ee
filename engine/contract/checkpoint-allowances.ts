/** What CRIU saves or brings back only when told so; the same for a checkpoint and its restore. */
export interface CheckpointAllowances {
  /** Keep established TCP connections: their packets are dropped while the container is away. */
  tcpEstablished?: boolean;
  /** Let established TCP connections end; the process sees them closed after the restore. */
  tcpClose?: boolean;
  /** Leave out connections that are just being accepted. */
  tcpSkipInFlight?: boolean;
  /** Keep flock(2), fcntl(2) locks and leases; nobody outside may hold one on the same file. */
  fileLocks?: boolean;
  /** Let unix sockets whose other end is outside be; datagram sockets only. */
  externalUnixSockets?: boolean;
  /** Keep deleted files that have other names by linking them; default true. */
  linkRemap?: boolean;
  /** Largest deleted but open file that is saved, in bytes; default 64 MiB. */
  ghostLimitBytes?: number;
  /** Have CRIU log at a dump what those want to know who debug it, as it does at each restore; default false. */
  debugLog?: boolean;
}

/** What may be allowed in another try when CRIU says that it is needed. `networkLock`: by iptables, where nftables does not work, or the other way round. */
export type RetryAllowance = 'ghostLimit' | 'tcpEstablished' | 'fileLocks' | 'networkLock';
