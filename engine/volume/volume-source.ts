/** What a volume stands for on the host. */
export interface VolumeSource {
  /** File or directory. */
  path: string;
  /** Nobody can write, whatever the mount says. */
  readOnly: boolean;
  /** Further options that every mount of it gets. */
  options: readonly string[];
}
