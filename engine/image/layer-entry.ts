/** One thing in a layer archive, with all that its headers say, none of it checked. */
export interface LayerEntry {
  /** As the archive has it. */
  name: string;
  type: 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';
  /** Target of a symbolic link, or name of the entry that a hard link is another name of. */
  linkTarget: string;
  /** Permission bits with set-id and sticky bits, 07777. */
  mode: number;
  uid: number;
  gid: number;
  /** Since the epoch. */
  mtimeNs: bigint;
  /** Bytes of the file, holes included. */
  size: number;
  device: { major: number; minor: number };
  /** Extended attributes: name and value. */
  xattrs: readonly (readonly [string, Buffer])[];
  /** Where the stored bytes belong, in a file with holes; null: one after the other. */
  sparse: readonly SparseExtent[] | null;
}

/** A piece of a sparse file that is stored, in bytes. */
export interface SparseExtent {
  offset: number;
  length: number;
}
