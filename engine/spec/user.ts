/** Who the container's process is, after the names were looked up. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
  /** Home directory; `/` when nobody knows it. */
  home: string;
  /** Null for a numeric user that passwd does not list. */
  name: string | null;
}
