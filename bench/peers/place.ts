/** Where a contender keeps its things. */
export interface Place {
  /** On disk: what is there after a reboot. */
  kept: string;
  /** In memory, as in /run of a host. */
  run: string;
}
