/** What CRIU calls the kinds of its image files (its magic.h), the number that each begins with, and the message that its entries are. */
export const IMAGE_KINDS = {
  inventory: { magic: 0x58313116, message: 'inventory_entry' },
  pstree: { magic: 0x50273030, message: 'pstree_entry' },
  core: { magic: 0x55053847, message: 'core_entry' },
  ids: { magic: 0x54432030, message: 'task_kobj_ids_entry' },
  mm: { magic: 0x57492820, message: 'mm_entry' },
  /** The first entry is a `pagemap_head`. */
  pagemap: { magic: 0x56084025, message: 'pagemap_entry' },
  fdinfo: { magic: 0x56213732, message: 'fdinfo_entry' },
  files: { magic: 0x56303138, message: 'file_entry' },
  fs: { magic: 0x51403912, message: 'fs_entry' },
  mountpoints: { magic: 0x55563928, message: 'mnt_entry' },
  netns: { magic: 0x55933752, message: 'netns_entry' },
  utsns: { magic: 0x54473203, message: 'utsns_entry' },
  memfd: { magic: 0x48453499, message: 'memfd_inode_entry' },
  filelocks: { magic: 0x54323616, message: 'file_lock_entry' },
  'remap-fpath': { magic: 0x59133954, message: 'remap_file_path_entry' },
  cpuinfo: { magic: 0x61404013, message: 'cpuinfo_entry' },
  stats: { magic: 0x57093306, message: 'stats_entry' },
} as const;

export type ImageKind = keyof typeof IMAGE_KINDS;

/** IMG_COMMON_MAGIC: precedes the number of the kind in all files but the inventory and what is no image of a process. */
export const COMMON_MAGIC = 0x54564319;
/** IMG_SERVICE_MAGIC: stands there in statistics. */
export const SERVICE_MAGIC = 0x55105940;
